"""Blocks: every few seconds the heads of all chains that grew are hashed into one chain of the instance."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text

from pesan.audit.entries import GENESIS, block_hash
from pesan.audit.models import AuditBlock
from pesan.db.database import ReadSession, WriteSession

# Any constant that no other advisory lock uses: one sealer at a time, the others have nothing to do.
_SEALER_LOCK = 7_305_801_842_118

# `heads` is deterministic for ever: entries never change, and all transactions below `upto` have ended. `latest_at`
# keeps entries out whose transaction numbers start over after a restore into another cluster.
_MEMBERS = """
    members AS MATERIALIZED (
        SELECT e.subject_id, e.seq, e.hash, e.at FROM audit_entries e
        WHERE e.xact_id >= (SELECT since FROM span) AND e.xact_id < (SELECT upto FROM span)
          AND e.at <= (SELECT latest FROM span)
    ),
    heads AS (
        SELECT DISTINCT ON (subject_id) subject_id, seq, hash FROM members ORDER BY subject_id, seq DESC
    )
    SELECT span.upto, clock_timestamp() AS now, (SELECT count(*) FROM members) AS entry_count,
        (SELECT max(at) FROM members) AS latest_at,
        (SELECT sha256(string_agg(uuid_send(subject_id) || int4send(seq) || hash, ''::bytea ORDER BY subject_id))
         FROM heads) AS heads_digest
    FROM span
"""
_GROWN = text(
    "WITH span AS (SELECT CAST(:since AS bigint) AS since, 'infinity'::timestamptz AS latest,"
    f" pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS upto), {_MEMBERS}"
)
_SPAN = text(
    "WITH span AS (SELECT CAST(:since AS bigint) AS since, CAST(:upto AS bigint) AS upto,"
    f" CAST(:latest AS timestamptz) AS latest), {_MEMBERS}"
)


@dataclass(frozen=True, slots=True)
class Seal:
    """The newest block: whoever keeps its hash elsewhere can prove later that nothing before it was rewritten."""

    block_id: int
    hash: bytes
    sealed_at: datetime


async def seal(session: WriteSession) -> Seal | None:
    """Seal what was written since the last block; None when that was nothing, or another sealer is at work.

    **Locks** an advisory lock of the transaction.
    """
    if not await session.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _SEALER_LOCK}):
        return None
    await session.execute(text("SELECT set_config('statement_timeout', '300s', true)"))
    last = await _last_block(session)
    grown = await _grown_since(session, last)
    if not grown.entry_count:
        return None
    block = _block_after(last, grown)
    session.add(block)
    await session.flush()
    return Seal(block.id, block.hash, block.sealed_at)


async def find_last_seal(session: ReadSession) -> Seal | None:
    """The newest block, if anything was sealed yet."""
    block = await _last_block(session)
    return None if block is None else Seal(block.id, block.hash, block.sealed_at)


async def heads_digest_of(session: ReadSession, block: AuditBlock) -> tuple[int, bytes | None]:
    """How many entries the block's span holds now, and the digest over their chains' heads."""
    span = {"since": block.since_xact, "upto": block.upto_xact, "latest": block.latest_at}
    found = (await session.execute(_SPAN, span)).one()
    return found.entry_count, found.heads_digest


async def _last_block(session: ReadSession) -> AuditBlock | None:
    return (await session.scalars(select(AuditBlock).order_by(AuditBlock.id.desc()).limit(1))).first()


async def _grown_since(session: ReadSession, last: AuditBlock | None) -> Row[Any]:
    since = last.upto_xact if last else 0
    grown = (await session.execute(_GROWN, {"since": since})).one()
    if grown.upto >= since:
        return grown
    # The cluster counts transactions anew (a restored dump): the next span begins at its beginning.
    return (await session.execute(_GROWN, {"since": 0})).one()


def _block_after(last: AuditBlock | None, grown: Row[Any]) -> AuditBlock:
    since = last.upto_xact if last and last.upto_xact <= grown.upto else 0
    block = AuditBlock(
        id=last.id + 1 if last else 1,
        prev_hash=last.hash if last else GENESIS,
        since_xact=since,
        upto_xact=grown.upto,
        entry_count=grown.entry_count,
        heads_digest=grown.heads_digest,
        latest_at=grown.latest_at,
        sealed_at=grown.now,
    )
    block.hash = hash_of(block)
    return block


def hash_of(block: AuditBlock) -> bytes:
    """What the block's hash should be, by its other columns."""
    return block_hash(
        block_id=block.id,
        prev_hash=block.prev_hash,
        since_xact=block.since_xact,
        upto_xact=block.upto_xact,
        entry_count=block.entry_count,
        heads_digest=block.heads_digest,
        latest_at=block.latest_at,
        sealed_at=block.sealed_at,
    )
