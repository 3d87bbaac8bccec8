"""What the jastip desk writes together with a move of an order, in the sale's own transaction, or not at all."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import ClassVar, Self
from uuid import UUID

from sqlalchemy import text

from pesan.db import WriteSession
from pesan.db.pipeline import Executor
from pesan.db.rows import pack, recordset
from pesan.jastip.errors import ProposalAnswered
from pesan.jobs import enqueue
from pesan.orders.moves import Stage
from pesan.payments.refunds.errors import Overruled

TELL_CHANGE_TASK = "jastip.tell_of_change"
_ORDER = {"order_id": "uuid", "merchant_id": "uuid", "event_id": "uuid", "participant_id": "uuid"}
_NAMES = ", ".join(_ORDER)
_INSERT = text(f"INSERT INTO trip_orders ({_NAMES}) SELECT {_NAMES} FROM {recordset(_ORDER)}")  # noqa: S608
_PARCEL = {"order_id": "uuid", "courier": "text", "tracking_no": "text"}
# They are not in the bag any more. The order's pools are locked, so that nobody else sends the same products meanwhile.
_TAKE_OUT = text(
    "UPDATE purchases p SET bought = greatest(0, p.bought - sent.quantity), updated_at = clock_timestamp()"  # noqa: S608
    " FROM (SELECT l.ticket_type_id, sum(l.quantity) AS quantity FROM order_lines l"
    f" JOIN {recordset(_PARCEL)} ON n.order_id = l.order_id GROUP BY l.ticket_type_id) sent"
    " WHERE p.product_id = sent.ticket_type_id"
)
# Its buyer agreed to exactly this: as many pieces, at the price that the order has by now.
_ACCEPT = text(
    "UPDATE price_proposals p SET state = 'accepted', answered_at = clock_timestamp()"
    " WHERE p.id = :id AND p.order_id = :order_id AND p.state = 'proposed' AND p.quantity ="
    " (SELECT sum(l.quantity) FROM order_lines l WHERE l.order_id = p.order_id AND l.ticket_type_id = p.product_id"
    " AND l.unit_amount = p.new_amount) RETURNING p.id"
)
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
        """Write those of a group, and take what they hold out of what was bought."""
        rows = pack(map(asdict, items))
        await executor.execute(_SHIP, rows)
        await executor.execute(_TAKE_OUT, rows)


@dataclass(frozen=True, slots=True)
class AcceptedPrice:
    """The proposal that a buyer agreed to, written with the order's new price; raises Overruled when it is not open.

    `is_settled` says that nothing is left to pay now where something was before, `is_owed` that money goes back: both
    are told. **Enqueues** that.
    """

    stage: ClassVar[Stage] = Stage.RETURN

    proposal_id: UUID
    order_id: UUID
    is_settled: bool = False
    is_owed: bool = False

    @classmethod
    async def write_many(cls, session: WriteSession, items: Sequence[Self]) -> None:
        """Write them one by one, each under its order's lock."""
        for item in items:
            found = await session.execute(_ACCEPT, {"id": item.proposal_id, "order_id": item.order_id})
            if found.first() is None:
                raise Overruled(ProposalAnswered())
            if item.is_settled or item.is_owed:
                told = {"is_settled": item.is_settled, "is_owed": item.is_owed}
                await enqueue(session, TELL_CHANGE_TASK, proposal_id=item.proposal_id, **told)
