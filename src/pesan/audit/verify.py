"""Finding what was changed behind the application's back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, TextClause, select, text

from pesan.audit.entries import GENESIS, entry_hash, private_digest
from pesan.audit.models import AuditBlock, Audited, AuditEntry, AuditPrivate
from pesan.audit.sealing import hash_of, heads_digest_of
from pesan.db.base import Base
from pesan.db.database import ReadSession

_BATCH = 1_000


class FaultKind(StrEnum):
    """What is wrong."""

    ENTRY_CHANGED = "entry_changed"
    ENTRY_MISSING = "entry_missing"
    LINK_BROKEN = "link_broken"
    PRIVATE_CHANGED = "private_changed"
    PRIVATE_MISSING = "private_missing"
    PRIVATE_UNKNOWN = "private_unknown"
    HEAD_DIFFERS = "head_differs"
    SUBJECT_MISSING = "subject_missing"
    BLOCK_CHANGED = "block_changed"
    BLOCK_MISSING = "block_missing"
    SEAL_BROKEN = "seal_broken"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was written; `seq` of a subject's entry, or a block."""

    kind: FaultKind
    subject_kind: str | None = None
    subject_id: UUID | None = None
    seq: int | None = None
    block_id: int | None = None

    def __str__(self) -> str:
        where = (
            f"block {self.block_id}"
            if self.block_id
            else f"{self.subject_kind} {self.subject_id} #{self.seq}"
        )
        return f"{self.kind}: {where}"


async def verify(session: ReadSession) -> list[Fault]:
    """Every fault of every chain; reads all entries, in a stream. For a SYSTEM session.

    Each check is one statement and so sees one moment: it may run while the instance works.
    """
    await session.execute(text("SELECT set_config('statement_timeout', '0', true)"))
    checks = (_check_entries, _check_unknown_private, _check_subjects, _check_blocks)
    return [fault for check in checks async for fault in check(session)]


async def _check_entries(session: ReadSession) -> AsyncIterator[Fault]:
    columns = (*AuditEntry.__table__.columns, *_private_columns())
    query = (
        select(*columns)
        .outerjoin(
            AuditPrivate,
            (AuditPrivate.subject_id == AuditEntry.subject_id) & (AuditPrivate.seq == AuditEntry.seq),
        )
        .order_by(AuditEntry.subject_id, AuditEntry.seq)
    )
    before: _Before | None = None
    async for row in await session.stream(query, execution_options={"yield_per": _BATCH}):
        if before is None or before.subject_id != row.subject_id:
            before = _Before(row.subject_id, 0, GENESIS)
        for kind, seq in _entry_faults(row, before):
            yield Fault(kind, row.subject_kind, row.subject_id, seq)
        before = _Before(row.subject_id, row.seq, row.hash)


@dataclass(frozen=True, slots=True)
class _Before:
    subject_id: UUID
    seq: int
    hash: bytes


def _private_columns() -> tuple[object, ...]:
    return (
        AuditPrivate.subject_id.label("private_id"),
        AuditPrivate.salt,
        AuditPrivate.reason,
        AuditPrivate.before,
        AuditPrivate.after,
        AuditPrivate.erased_at,
    )


def _entry_faults(row: Row[Any], before: _Before) -> list[tuple[FaultKind, int]]:
    faults = [(FaultKind.ENTRY_MISSING, seq) for seq in range(before.seq + 1, row.seq)]
    if not faults and row.prev_hash != before.hash:
        faults.append((FaultKind.LINK_BROKEN, row.seq))
    if _hash_of(row) != row.hash:
        faults.append((FaultKind.ENTRY_CHANGED, row.seq))
    private = _private_fault(row)
    return [*faults, (private, row.seq)] if private else faults


def _hash_of(row: Row[Any]) -> bytes:
    return entry_hash(
        prev_hash=row.prev_hash,
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        seq=row.seq,
        action=row.action,
        actor_kind=row.actor_kind,
        actor_id=row.actor_id,
        actor_name=row.actor_name,
        ip_digest=row.ip_digest,
        merchant_id=row.merchant_id,
        data=row.data,
        private_digest=row.private_digest,
        at=row.at,
    )


def _private_fault(row: Row[Any]) -> FaultKind | None:
    if row.private_digest is None:
        return FaultKind.PRIVATE_UNKNOWN if row.private_id is not None else None
    if row.private_id is None:
        return FaultKind.PRIVATE_MISSING
    if row.erased_at is not None:
        return FaultKind.PRIVATE_CHANGED if (row.reason or row.before or row.after) else None
    found = private_digest(row.salt or b"", row.reason, row.before, row.after)
    return None if found == row.private_digest else FaultKind.PRIVATE_CHANGED


async def _check_unknown_private(session: ReadSession) -> AsyncIterator[Fault]:
    unknown = await session.execute(
        text(
            "SELECT subject_id, seq FROM audit_private p WHERE NOT EXISTS (SELECT 1 FROM audit_entries e"
            " WHERE e.subject_id = p.subject_id AND e.seq = p.seq)"
        )
    )
    for subject_id, seq in unknown:
        yield Fault(FaultKind.PRIVATE_UNKNOWN, None, subject_id, seq)


async def _check_subjects(session: ReadSession) -> AsyncIterator[Fault]:
    """A chain cut off at its end is whole; only the subject's own row knows how long it was."""
    for mapper in Base.registry.mappers:
        if issubclass(mapper.class_, Audited):
            kind, table = mapper.class_.audit_kind, str(mapper.local_table)
            for subject_id, seq in await session.execute(_head_differs(table)):
                yield Fault(FaultKind.HEAD_DIFFERS, kind, subject_id, seq)
            for subject_id, seq in await session.execute(_subject_missing(table), {"kind": kind}):
                yield Fault(FaultKind.SUBJECT_MISSING, kind, subject_id, seq)


def _head_differs(table: str) -> TextClause:
    return text(
        f"SELECT t.id, t.audit_seq FROM {table} t"  # noqa: S608  a table of our own metadata
        " LEFT JOIN LATERAL (SELECT seq, hash FROM audit_entries WHERE subject_id = t.id ORDER BY seq DESC LIMIT 1) e"
        " ON true WHERE t.audit_seq <> coalesce(e.seq, 0)"
        " OR t.audit_head <> coalesce(e.hash, decode(repeat('00', 32), 'hex'))"
    )


def _subject_missing(table: str) -> TextClause:
    return text(
        "SELECT e.subject_id, max(e.seq) FROM audit_entries e WHERE e.subject_kind = :kind"  # noqa: S608
        f" AND NOT EXISTS (SELECT 1 FROM {table} t WHERE t.id = e.subject_id) GROUP BY e.subject_id"
    )


async def _check_blocks(session: ReadSession) -> AsyncIterator[Fault]:
    last_id, last_hash, last_upto = 0, GENESIS, 0
    while blocks := (await session.scalars(_blocks_after(last_id))).all():
        for block in blocks:
            if block.id != last_id + 1:
                yield Fault(FaultKind.BLOCK_MISSING, block_id=last_id + 1)
            elif block.prev_hash != last_hash or block.since_xact not in {last_upto, 0}:
                yield Fault(FaultKind.LINK_BROKEN, block_id=block.id)
            if hash_of(block) != block.hash:
                yield Fault(FaultKind.BLOCK_CHANGED, block_id=block.id)
            if await heads_digest_of(session, block) != (block.entry_count, block.heads_digest):
                yield Fault(FaultKind.SEAL_BROKEN, block_id=block.id)
            last_id, last_hash, last_upto = block.id, block.hash, block.upto_xact
        session.expunge_all()


def _blocks_after(block_id: int) -> Select[AuditBlock]:
    return select(AuditBlock).where(AuditBlock.id > block_id).order_by(AuditBlock.id).limit(_BATCH)
