"""What the booth desk writes together with a move of an order, in the sale's own transaction, or not at all."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from sqlalchemy import text

from pesan.booths.errors import NotReschedulable
from pesan.booths.feed import FeedEvent, tell_many
from pesan.db import WriteSession
from pesan.db.pipeline import Executor
from pesan.db.rows import pack, recordset
from pesan.orders.moves import Stage
from pesan.payments.refunds.errors import Overruled

_SESSION = {
    "id": "uuid",
    "merchant_id": "uuid",
    "event_id": "uuid",
    "booth_id": "uuid",
    "resource": "bigint",
    "state": "text",
    "starts_at": "timestamptz",
    "ends_at": "timestamptz",
    "duration_minutes": "integer",
    "tolerance_minutes": "integer",
    "arrive_until": "timestamptz",
}
_NAMES = ", ".join(_SESSION)
_INSERT = text(f"INSERT INTO booth_sessions ({_NAMES}) SELECT {_NAMES} FROM {recordset(_SESSION)}")  # noqa: S608
_TIME = {
    "id": "uuid",
    "booth_id": "uuid",
    "resource": "bigint",
    "starts_at": "timestamptz",
    "ends_at": "timestamptz",
    "duration_minutes": "integer",
}
_MOVE = text(
    "UPDATE booth_sessions s SET booth_id = n.booth_id, resource = n.resource, starts_at = n.starts_at,"  # noqa: S608
    " ends_at = n.ends_at, duration_minutes = n.duration_minutes,"
    " arrive_until = n.starts_at + make_interval(mins => s.tolerance_minutes), overridden_from = NULL,"
    f" replaced = NULL, changed_at = clock_timestamp() FROM {recordset(_TIME)} WHERE s.id = n.id"
    " AND s.state = 'AWAITING_CUSTOMER' AND s.arrive_until >= clock_timestamp() RETURNING s.id"
)


@dataclass(frozen=True, slots=True)
class NewSession:
    """The session that a paid order turns into, written with the move that completes it."""

    stage: ClassVar[Stage] = Stage.GOODS

    id: UUID
    merchant_id: UUID
    event_id: UUID
    booth_id: UUID
    resource: int
    state: str
    starts_at: datetime
    ends_at: datetime
    duration_minutes: int
    tolerance_minutes: int
    arrive_until: datetime

    @classmethod
    async def write_many(cls, executor: Executor, items: Sequence[Self]) -> None:
        """Insert the sessions of a group in one statement."""
        await executor.execute(_INSERT, pack(map(asdict, items)))


@dataclass(frozen=True, slots=True)
class MovedSession:
    """A session that takes place at another time, written with the move that exchanges its order's slot."""

    stage: ClassVar[Stage] = Stage.RETURN

    id: UUID
    booth_id: UUID
    resource: int
    starts_at: datetime
    ends_at: datetime
    duration_minutes: int

    @classmethod
    async def write_many(cls, session: WriteSession, items: Sequence[Self]) -> None:
        """Put the sessions elsewhere; raises Overruled for one whose customer came, or is waited for no more."""
        moved = (await session.scalars(_MOVE, pack(map(asdict, items)))).all()
        if len(moved) != len(items):
            raise Overruled(NotReschedulable())


@dataclass(frozen=True, slots=True)
class Told:
    """What an outlet's feed says of the move; written last of all, because everybody there waits for the feed."""

    stage: ClassVar[Stage] = Stage.RETURN

    event: FeedEvent

    @classmethod
    async def write_many(cls, executor: Executor, items: Sequence[Self]) -> None:
        """Tell of a group in one statement."""
        await tell_many(executor, [item.event for item in items])
