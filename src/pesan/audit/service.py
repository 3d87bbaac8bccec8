"""Writing entries, sealing them, forgetting people."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import func, select, text

from pesan.audit.entries import GENESIS, NewEntry, Values
from pesan.audit.models import Audited
from pesan.db.actor import Actor
from pesan.db.database import WriteSession

# One statement for any number of entries: a hot sale writes hundreds at a time.
_INSERT = text(
    """
    WITH private AS (
        INSERT INTO audit_private (subject_id, seq, salt, reason, before, after)
        SELECT subject_id, seq, salt, reason, before::jsonb, after::jsonb
        FROM unnest(CAST(:private_ids AS uuid[]), CAST(:private_seqs AS int[]), CAST(:salts AS bytea[]),
                    CAST(:reasons AS text[]), CAST(:befores AS text[]), CAST(:afters AS text[]))
            AS p(subject_id, seq, salt, reason, before, after)
    )
    INSERT INTO audit_entries (subject_kind, subject_id, seq, prev_hash, hash, action, actor_kind, actor_id,
                               actor_name, ip_digest, merchant_id, data, private_digest, at)
    SELECT subject_kind, subject_id, seq, prev_hash, hash, action, actor_kind, actor_id,
           actor_name, ip_digest, merchant_id, data::jsonb, private_digest, at
    FROM unnest(CAST(:kinds AS text[]), CAST(:ids AS uuid[]), CAST(:seqs AS int[]), CAST(:prev_hashes AS bytea[]),
                CAST(:hashes AS bytea[]), CAST(:actions AS text[]), CAST(:actor_kinds AS text[]),
                CAST(:actor_ids AS uuid[]), CAST(:actor_names AS text[]), CAST(:ip_digests AS text[]),
                CAST(:merchant_ids AS uuid[]), CAST(:data AS text[]), CAST(:private_digests AS bytea[]),
                CAST(:ats AS timestamptz[]))
        AS e(subject_kind, subject_id, seq, prev_hash, hash, action, actor_kind, actor_id, actor_name, ip_digest,
             merchant_id, data, private_digest, at)
    """
)
_ERASE = text(
    "UPDATE audit_private SET salt = NULL, reason = NULL, before = NULL, after = NULL, erased_at = now()"
    " WHERE subject_id = ANY(CAST(:ids AS uuid[])) AND erased_at IS NULL"
)


async def record_many(session: WriteSession, entries: Sequence[NewEntry]) -> None:
    """Write entries in one statement; the caller holds the subjects' locks and stores each new head.

    Raises IntegrityError when an entry of that number exists: somebody wrote without the subject's lock.
    """
    if entries:
        await session.execute(_INSERT, {**_columns(entries), **_private_columns(entries)})


async def record(
    session: WriteSession,
    subject: Audited,
    *,
    action: str,
    actor: Actor,
    at: datetime | None = None,
    merchant_id: UUID | None = None,
    reason: str | None = None,
    data: Values | None = None,
    before: Values | None = None,
    after: Values | None = None,
) -> None:
    """Write one entry about `subject`, a row that the caller has locked or just made, and move its head on.

    `at` defaults to the database's clock and `merchant_id` to the subject's own. See `NewEntry` for what goes where.
    """
    row: Any = subject
    entry = NewEntry(
        subject_kind=subject.audit_kind,
        subject_id=row.id,
        seq=(subject.audit_seq or 0) + 1,
        prev_hash=_head(subject),
        action=action,
        actor=actor,
        at=at or (await session.scalars(select(func.clock_timestamp()))).one(),
        merchant_id=merchant_id or getattr(row, "merchant_id", None),
        reason=reason,
        data=data or {},
        before=before,
        after=after,
    )
    await record_many(session, [entry])
    subject.audit_seq, subject.audit_head = entry.seq, entry.hash


async def erase_private(session: WriteSession, subject_ids: Sequence[UUID]) -> None:
    """Forget the personal part of these subjects' entries; their chains stay whole."""
    await session.execute(_ERASE, {"ids": list(subject_ids)})


def _head(subject: Audited) -> bytes:
    return subject.audit_head or GENESIS


def _columns(entries: Sequence[NewEntry]) -> dict[str, list[Any]]:
    return {
        "kinds": [entry.subject_kind for entry in entries],
        "ids": [entry.subject_id for entry in entries],
        "seqs": [entry.seq for entry in entries],
        "prev_hashes": [entry.prev_hash for entry in entries],
        "hashes": [entry.hash for entry in entries],
        "actions": [entry.action for entry in entries],
        "actor_kinds": [str(entry.actor.kind) for entry in entries],
        "actor_ids": [entry.actor.user_id for entry in entries],
        "actor_names": [entry.actor.name for entry in entries],
        "ip_digests": [entry.actor.ip_digest for entry in entries],
        "merchant_ids": [entry.merchant_id for entry in entries],
        "data": [_json(entry.data) for entry in entries],
        "private_digests": [entry.private_digest for entry in entries],
        "ats": [entry.at for entry in entries],
    }


def _private_columns(entries: Sequence[NewEntry]) -> dict[str, list[Any]]:
    personal = [entry for entry in entries if entry.private_digest is not None]
    return {
        "private_ids": [entry.subject_id for entry in personal],
        "private_seqs": [entry.seq for entry in personal],
        "salts": [entry.salt for entry in personal],
        "reasons": [entry.reason for entry in personal],
        "befores": [_json(entry.before) for entry in personal],
        "afters": [_json(entry.after) for entry in personal],
    }


def _json(values: Values | None) -> str | None:
    return None if values is None else orjson.dumps(values).decode()
