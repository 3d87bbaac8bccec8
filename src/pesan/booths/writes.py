"""Bulk writes of a group of moves: one statement per table, however many there are."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from pesan.booths.moves import SessionFacts
from pesan.db.pipeline import Executor
from pesan.db.rows import pack, recordset

_CHANGES: Mapping[str, str] = {
    "id": "uuid",
    "state": "text",
    "arrive_until": "timestamptz",
    "arrived_at": "timestamptz",
    "started_at": "timestamptz",
    "due_at": "timestamptz",
    "finished_at": "timestamptz",
    "expired_at": "timestamptz",
    "override_by": "uuid",
    "override_at": "timestamptz",
    "override_reason": "text",
    "overridden_from": "text",
    "replaced": "jsonb",
}
_HEADS: Mapping[str, str] = {"id": "uuid", "audit_seq": "integer", "audit_head": "bytea"}
_ASSIGNED = ", ".join(f"{name} = n.{name}" for name in _CHANGES if name != "id")
_UPDATE = text(
    f"UPDATE booth_sessions s SET {_ASSIGNED}, changed_at = :now FROM {recordset(_CHANGES)} WHERE s.id = n.id"  # noqa: S608
)
_UPDATE_HEADS = text(
    "UPDATE orders o SET audit_seq = n.audit_seq, audit_head = n.audit_head"  # noqa: S608
    f" FROM {recordset(_HEADS)} WHERE o.id = n.id"
)


async def update_sessions(executor: Executor, sessions: Sequence[SessionFacts], now: datetime) -> None:
    """Write what granted moves made of sessions; each stands there once."""
    rows = [{name: getattr(session, name) for name in _CHANGES} for session in sessions]
    await executor.execute(_UPDATE, {**pack(rows), "now": now})


async def update_heads(executor: Executor, heads: Mapping[UUID, tuple[int, bytes]]) -> None:
    """Move the heads of the orders' histories on."""
    rows: list[dict[str, Any]] = [
        {"id": order_id, "audit_seq": seq, "audit_head": head} for order_id, (seq, head) in heads.items()
    ]
    await executor.execute(_UPDATE_HEADS, pack(rows))
