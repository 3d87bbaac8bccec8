"""The money of an order that costs something else: what asks for the old balance is given up, too much is due back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text

from pesan.db import WriteSession
from pesan.jobs import enqueue
from pesan.kit.ids import new_id
from pesan.orders.moves import Stage
from pesan.orders.states import TELL_BUYER_TASK, OrderEvent
from pesan.payments import ledger
from pesan.payments.errors import BalanceArriving
from pesan.payments.ledger import Movement
from pesan.payments.refunds.companions import insert_refunds, refund_row
from pesan.payments.refunds.errors import Overruled
from pesan.payments.refunds.states import RefundCause
from pesan.payments.states import Account

# It asks for a balance that is not due any more. What comes by it all the same is found by a person, or due back.
_GIVE_UP = text(
    "UPDATE payments SET state = 'superseded' WHERE order_id = ANY (:ids) AND state = 'open'"
).bindparams(bindparam("ids", type_=ARRAY(Uuid())))
# Its provider took it, and its order's move is on the way: the balance that it pays has to stay until then. What is
# flagged waits for a person, and for no move.
_ON_ITS_WAY = text(
    "SELECT 1 FROM payments WHERE order_id = ANY (:ids) AND is_balance AND state <> 'paid'"
    " AND payment_key IS NOT NULL AND flag IS NULL LIMIT 1"
).bindparams(bindparam("ids", type_=ARRAY(Uuid())))


@dataclass(frozen=True, slots=True, kw_only=True)
class RepricedCompanion:
    """An order that costs something else; `owed` of what was paid for it is due to its buyer.

    `requested_by` named the price, and so counts as whoever asks for the money's return. The buyer `is_told` of that
    where nothing else says it. **Enqueues** the word.
    """

    stage: ClassVar[Stage] = Stage.RETURN

    order_id: UUID
    merchant_id: UUID
    currency: str
    owed: int = 0
    requested_by: UUID | None = None
    is_told: bool = False
    refund_id: UUID = field(default_factory=new_id)

    @classmethod
    async def write_many(cls, session: WriteSession, items: Sequence[Self]) -> None:
        """Give up what is open, and owe what is too much; the gate holds the orders' locks.

        Raises Overruled while money for a balance is on its way into the books.
        """
        ids = {"ids": [item.order_id for item in items]}
        if (await session.execute(_ON_ITS_WAY, ids)).first() is not None:
            raise Overruled(BalanceArriving())
        await session.execute(_GIVE_UP, ids)
        for item in items:
            if item.owed:
                await _owe(session, item)


async def _owe(session: WriteSession, item: RepricedCompanion) -> None:
    """Never more than came: a bank's line may have been a little short, and was taken for enough."""
    movements = list(_ways_back(item, await ledger.get_balances(session, item.order_id)))
    if not movements:
        return
    whole = replace(movements[0], amount=sum(movement.amount for movement in movements))
    row = refund_row(
        whole, RefundCause.PRICE_LOWERED, requested_by=item.requested_by, refund_id=item.refund_id
    )
    await ledger.post(session, movements)
    await insert_refunds(session, [row])
    if item.is_told:
        told = {"order_id": str(item.order_id), "event": OrderEvent.PAY_AGAIN.value}
        await enqueue(session, TELL_BUYER_TASK, **told, occasion=str(item.refund_id))


def _ways_back(item: RepricedCompanion, held: Mapping[Account, int]) -> Iterator[Movement]:
    """Out of whichever account has it: the parcel may have been sent in the group in which its buyer agreed."""
    left = item.owed
    for account, reason in ledger.WAYS_BACK.items():
        amount = min(left, held.get(account, 0))
        left -= amount
        if amount:
            yield Movement(
                reason=reason,
                order_id=item.order_id,
                merchant_id=item.merchant_id,
                source_id=item.refund_id,
                amount=amount,
                currency=item.currency,
            )
