"""A cancelled event: its orders are ended or taken back, and the money of those who paid is due to them.

Everything here may be run again: what was done is found done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from pesan.audit import NewEntry, record_many
from pesan.catalog.models import Event
from pesan.catalog.states import EventStatus
from pesan.checkout.locks import lock_live_orders
from pesan.checkout.telling import tell
from pesan.db import Actor, ReadSession, WriteSession
from pesan.notifications.channels import Channels
from pesan.notifications.states import Kind
from pesan.orders import Move, Moved, OrderEvent, OrderState
from pesan.orders.desk import SaleDesk
from pesan.orders.errors import WrongState
from pesan.orders.models import Order
from pesan.payments import ledger
from pesan.payments.models import LedgerEntry
from pesan.payments.states import Account, Reason
from pesan.tickets.issue import void_tickets

ACTOR = Actor.system("cancellation")
REASON = "Acara dibatalkan."
_CHUNK = 100
_UNPAID = frozenset({OrderState.HOLD, OrderState.REVIEW})
_WAYS_BACK = {Account.CUSTOMER: Reason.REFUND_DUE, Account.FULFILLED: Reason.REVOCATION}


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some orders of a cancelled event: those that are left to cancel, and the last that was seen."""

    unpaid: Sequence[UUID]
    order_ids: Sequence[UUID]

    @property
    def last_id(self) -> UUID:
        """Where the next chunk begins."""
        return self.order_ids[-1]


async def take_back(
    session: WriteSession, channels: Channels, event_id: UUID, *, after: UUID | None
) -> Chunk | None:
    """Void the tickets of the next orders, note the refunds that are due, tell every buyer; None at the end.

    Buyers are told before their orders are cancelled, so that nobody is forgotten when the process dies in between.

    **Locks** the orders by id.
    """
    if not await _is_cancelled(session, event_id):
        return None
    orders = await lock_live_orders(session, event_id, after=after, limit=_CHUNK)
    if not orders:
        return None
    await _revoke(session, [order for order in orders if order.state not in _UNPAID])
    for order in orders:
        await tell(session, channels, order, Kind.EVENT_CANCELLED)
    unpaid = [order.id for order in orders if order.state in _UNPAID]
    return Chunk(unpaid, [order.id for order in orders])


async def cancel_all(desk: SaleDesk, event_id: UUID, order_ids: Sequence[UUID]) -> None:
    """Cancel orders that nobody paid; one that ended meanwhile is left alone. Raises the first other refusal."""
    moves = [Move(OrderEvent.CANCEL, event_id, ACTOR, order_id, reason=REASON) for order_id in order_ids]
    for outcome in await desk.submit_all(moves):
        if isinstance(outcome, BaseException) and not isinstance(outcome, WrongState):
            raise outcome
        assert isinstance(outcome, Moved | WrongState)


async def _is_cancelled(session: ReadSession, event_id: UUID) -> bool:
    status = await session.scalar(select(Event.status).where(Event.id == event_id))
    return status == EventStatus.CANCELLED


async def _revoke(session: WriteSession, orders: Sequence[Order]) -> None:
    voided = await void_tickets(session, [order.id for order in orders])
    due = await _note_refunds(session, orders)
    changed = [order for order in orders if order.id in voided or order.id in due]
    if not changed:
        return
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    entries = []
    for order in changed:
        data = {"tickets_voided": order.id in voided, "refund_due_amount": due.get(order.id, 0)}
        entry = NewEntry(
            subject_kind=Order.audit_kind,
            subject_id=order.id,
            seq=order.audit_seq + 1,
            prev_hash=order.audit_head,
            action="order:event:cancelled",
            actor=ACTOR,
            merchant_id=order.merchant_id,
            reason=REASON,
            data=data,
            at=now,
        )
        order.audit_seq, order.audit_head = entry.seq, entry.hash
        entries.append(entry)
    await record_many(session, entries)


async def _note_refunds(session: WriteSession, orders: Sequence[Order]) -> Mapping[UUID, int]:
    """Write what has to go back to each buyer, out of whichever account has it; returns the amounts."""
    balances = (
        select(
            LedgerEntry.order_id,
            LedgerEntry.merchant_id,
            LedgerEntry.account,
            LedgerEntry.currency,
            (-func.sum(LedgerEntry.amount)).label("amount"),
        )
        .where(LedgerEntry.order_id.in_([order.id for order in orders]), LedgerEntry.account.in_(_WAYS_BACK))
        .group_by(LedgerEntry.order_id, LedgerEntry.merchant_id, LedgerEntry.account, LedgerEntry.currency)
        .having(func.sum(LedgerEntry.amount) < 0)
    )
    movements = [
        ledger.Movement(
            reason=_WAYS_BACK[Account(row.account)],
            order_id=row.order_id,
            merchant_id=row.merchant_id,
            source_id=row.order_id,
            amount=int(row.amount),
            currency=row.currency,
        )
        for row in await session.execute(balances)
    ]
    await ledger.post(session, movements)
    return {movement.order_id: movement.amount for movement in movements}
