"""Writing entries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from pesan.audit.entries import GENESIS, NewEntry, Values
from pesan.audit.models import Audited
from pesan.db.actor import Actor
from pesan.db.database import WriteSession
from pesan.db.pipeline import Executor
from pesan.db.rows import pack, recordset

_ENTRY = {
    "subject_kind": "text",
    "subject_id": "uuid",
    "seq": "integer",
    "prev_hash": "bytea",
    "hash": "bytea",
    "action": "text",
    "actor_kind": "text",
    "actor_id": "uuid",
    "actor_name": "text",
    "ip_digest": "text",
    "merchant_id": "uuid",
    "data": "jsonb",
    "private_digest": "bytea",
    "at": "timestamptz",
}
_PRIVATE = {"salt": "bytea", "reason": "text", "before": "jsonb", "after": "jsonb"}
_NAMES = ", ".join(_ENTRY)
# One statement for any number of entries: a hot sale writes hundreds at a time.
_INSERT = text(
    f"WITH given AS (SELECT * FROM {recordset(_ENTRY | _PRIVATE)}),"  # noqa: S608
    " private AS (INSERT INTO audit_private (subject_id, seq, salt, reason, before, after)"
    " SELECT subject_id, seq, salt, reason, before, after FROM given WHERE private_digest IS NOT NULL)"
    f" INSERT INTO audit_entries ({_NAMES}) SELECT {_NAMES} FROM given"
)


async def record_many(executor: Executor, entries: Sequence[NewEntry]) -> None:
    """Write entries in one statement; the caller holds the subjects' locks and stores each new head.

    Raises IntegrityError when an entry of that number exists: somebody wrote without the subject's lock.
    """
    if entries:
        await executor.execute(_INSERT, pack(_row(entry) for entry in entries))


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


def _head(subject: Audited) -> bytes:
    return subject.audit_head or GENESIS


def _row(entry: NewEntry) -> dict[str, Any]:
    row = {
        "subject_kind": entry.subject_kind,
        "subject_id": entry.subject_id,
        "seq": entry.seq,
        "prev_hash": entry.prev_hash,
        "hash": entry.hash,
        "action": entry.action,
        "actor_kind": str(entry.actor.kind),
        "actor_id": entry.actor.user_id,
        "actor_name": entry.actor.name,
        "ip_digest": entry.actor.ip_digest,
        "merchant_id": entry.merchant_id,
        "data": entry.data,
        "private_digest": entry.private_digest,
        "at": entry.at,
    }
    if entry.private_digest is None:
        return row
    return row | {"salt": entry.salt, "reason": entry.reason, "before": entry.before, "after": entry.after}
