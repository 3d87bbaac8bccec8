"""What the jastip desk writes together with a move of an order, in the sale's own transaction, or not at all."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import ClassVar, Self
from uuid import UUID

from sqlalchemy import text

from pesan.db.pipeline import Executor
from pesan.db.rows import pack, recordset
from pesan.orders.moves import Stage

_ORDER = {"order_id": "uuid", "merchant_id": "uuid", "event_id": "uuid", "participant_id": "uuid"}
_NAMES = ", ".join(_ORDER)
_INSERT = text(f"INSERT INTO trip_orders ({_NAMES}) SELECT {_NAMES} FROM {recordset(_ORDER)}")  # noqa: S608
_PARCEL = {"order_id": "uuid", "courier": "text", "tracking_no": "text"}
_SHIP = text(
    "UPDATE trip_orders t SET courier = n.courier, tracking_no = n.tracking_no,"  # noqa: S608
    f" shipped_at = clock_timestamp() FROM {recordset(_PARCEL)} WHERE t.order_id = n.order_id"
)


@dataclass(frozen=True, slots=True)
class NewTripOrder:
    """Whose an order of a trip is, written with the order."""

    stage: ClassVar[Stage] = Stage.GOODS

    order_id: UUID
    merchant_id: UUID
    event_id: UUID
    participant_id: UUID

    @classmethod
    async def write_many(cls, executor: Executor, items: Sequence[Self]) -> None:
        """Write those of a group in one statement."""
        await executor.execute(_INSERT, pack(map(asdict, items)))


@dataclass(frozen=True, slots=True)
class Parcel:
    """How an order was sent, written with the move that completes it."""

    stage: ClassVar[Stage] = Stage.GOODS

    order_id: UUID
    courier: str
    tracking_no: str | None

    @classmethod
    async def write_many(cls, executor: Executor, items: Sequence[Self]) -> None:
        """Write those of a group in one statement."""
        await executor.execute(_SHIP, pack(map(asdict, items)))
