"""The ledger: every rupiah that came, and where it is. Double entry, append-only; each movement sums to zero."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, insert, select

from pesan.db import ReadSession, WriteSession
from pesan.kit.ids import new_id
from pesan.payments.models import LedgerEntry
from pesan.payments.states import ROUTES, Account, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Money of one order on its way from one account to the next; `source_id` causes it, and only once."""

    reason: Reason
    order_id: UUID
    merchant_id: UUID
    source_id: UUID
    amount: int
    currency: str = "IDR"

    def entries(self) -> Iterator[dict[str, object]]:
        """The two rows of the movement, which sum to zero."""
        transaction_id = new_id()
        source, target = ROUTES[self.reason]
        for account, amount in ((source, self.amount), (target, -self.amount)):
            yield {
                "id": new_id(),
                "transaction_id": transaction_id,
                "merchant_id": self.merchant_id,
                "order_id": self.order_id,
                "source_id": self.source_id,
                "account": account.value,
                "amount": amount,
                "currency": self.currency,
                "reason": self.reason.value,
            }


async def post(session: WriteSession, movements: Sequence[Movement]) -> None:
    """Write movements in one statement; raises ValueError for an amount that is not above zero.

    Raises IntegrityError when a source causes the same movement a second time.
    """
    if any(movement.amount <= 0 for movement in movements):
        raise ValueError("money moves forward, in whole rupiah above zero")
    rows = [entry for movement in movements for entry in movement.entries()]
    if rows:
        await session.execute(insert(LedgerEntry), rows)


async def record_capture(
    session: WriteSession, *, order_id: UUID, merchant_id: UUID, payment_id: UUID, amount: int
) -> None:
    """Money arrived and belongs to the customer until something is fulfilled."""
    await post(session, [_movement(Reason.CAPTURE, order_id, merchant_id, payment_id, amount)])


async def record_refund_due(
    session: WriteSession, *, order_id: UUID, merchant_id: UUID, source_id: UUID, amount: int
) -> None:
    """The customer's money has to go back, because nothing can be fulfilled for it."""
    await post(session, [_movement(Reason.REFUND_DUE, order_id, merchant_id, source_id, amount)])


async def record_revocation(
    session: WriteSession, *, order_id: UUID, merchant_id: UUID, source_id: UUID, amount: int
) -> None:
    """What was fulfilled is taken back, so that its money has to go back too."""
    await post(session, [_movement(Reason.REVOCATION, order_id, merchant_id, source_id, amount)])


async def record_refund(
    session: WriteSession, *, order_id: UUID, merchant_id: UUID, refund_id: UUID, amount: int
) -> None:
    """Money that was due back has gone back."""
    await post(session, [_movement(Reason.REFUND, order_id, merchant_id, refund_id, amount)])


async def record_fulfilment(session: WriteSession, order_ids: Sequence[UUID]) -> None:
    """The orders got what they paid for: all that still belongs to their customers is earned."""
    open_balances = (
        select(
            LedgerEntry.order_id,
            LedgerEntry.merchant_id,
            LedgerEntry.currency,
            (-func.sum(LedgerEntry.amount)).label("amount"),
        )
        .where(LedgerEntry.order_id.in_(order_ids), LedgerEntry.account == Account.CUSTOMER)
        .group_by(LedgerEntry.order_id, LedgerEntry.merchant_id, LedgerEntry.currency)
        .having(func.sum(LedgerEntry.amount) != 0)
    )
    movements = [
        Movement(
            reason=Reason.FULFILMENT,
            order_id=row.order_id,
            merchant_id=row.merchant_id,
            source_id=row.order_id,
            amount=int(row.amount),
            currency=row.currency,
        )
        for row in await session.execute(open_balances)
    ]
    await post(session, movements)


async def get_balances(session: ReadSession, order_id: UUID) -> Mapping[Account, int]:
    """What each account holds of one order's money, all of it positive."""
    rows = await session.execute(
        select(LedgerEntry.account, func.sum(LedgerEntry.amount))
        .where(LedgerEntry.order_id == order_id)
        .group_by(LedgerEntry.account)
    )
    return {Account(account): abs(int(amount)) for account, amount in rows}


def _movement(reason: Reason, order_id: UUID, merchant_id: UUID, source_id: UUID, amount: int) -> Movement:
    return Movement(
        reason=reason, order_id=order_id, merchant_id=merchant_id, source_id=source_id, amount=amount
    )
