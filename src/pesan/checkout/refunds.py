"""The journeys of money that goes back: an order that is taken back, and money that bought nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from pesan.checkout.returning import Part
from pesan.checkout.service import Once
from pesan.db import Actor
from pesan.kit.ids import new_id
from pesan.orders import Move, Moved, OrderEvent, Replayed
from pesan.orders.desk import SaleDesk
from pesan.orders.errors import ReasonMissing
from pesan.orders.models import Order
from pesan.payments import RefundCause, RefundCompanion, RefundDueCompanion, TicketRefundCompanion
from pesan.payments.refunds.errors import Overruled, RefundDecided
from pesan.tickets.issue import VoidCompanion, VoidSomeCompanion


@dataclass(frozen=True, slots=True)
class Approval:
    """Who lets money go: `actor`, alone up to an amount, or for a wish that somebody else made.

    A whole order goes back `instead_of` the last of its tickets where those were wished for.
    """

    actor: Actor
    alone_up_to: int | None = None
    wish_id: UUID | None = None
    wished_by: UUID | None = None
    instead_of: UUID | None = None

    @property
    def asker(self) -> UUID | None:
        """Whoever asked first."""
        return self.wished_by or self.actor.user_id


def refund_move(order: Order, *, cause: RefundCause, reason: str, approval: Approval) -> Move:
    """The whole order goes back: tickets void at once, places return, its money is due to its buyer.

    A wish is approved by it, and only if somebody still has it.
    """
    actor = approval.actor
    money = RefundCompanion(
        order.id,
        order.merchant_id,
        cause,
        reason=reason,
        requested_by=approval.asker,
        approved_by=actor.user_id,
        wish_id=approval.wish_id,
        alone_up_to=approval.alone_up_to,
        instead_of=approval.instead_of,
    )
    return Move(
        OrderEvent.REFUND,
        order.event_id,
        actor,
        order.id,
        reason=reason,
        companions=(money, VoidCompanion(order.id)),
    )


async def refund(
    desk: SaleDesk,
    *,
    order: Order,
    actor: Actor,
    reason: str,
    wish_id: UUID | None = None,
    alone_up_to: int | None = None,
) -> Moved | Replayed:
    """PAID or COMPLETED → REFUNDED, by whoever may approve it; raises WrongState, ReasonMissing, SecondPersonNeeded.

    The wish `wish_id` is approved by it; raises RefundDecided when it was declined meanwhile. The money itself is sent
    afterwards (`payments.refunds`).
    """
    approval = Approval(actor, alone_up_to, wish_id)
    move = refund_move(order, cause=RefundCause.ASKED, reason=reason, approval=approval)
    try:
        return await _submit(desk, move)
    except IntegrityError as error:
        if wish_id is None:
            raise
        raise RefundDecided from error


async def refund_tickets(desk: SaleDesk, *, part: Part, reason: str, approval: Approval) -> Moved | Replayed:
    """Some tickets of an order go back: void at once, their places free, their share due; the last take the rest along.

    Raises WrongState, ReasonMissing, TicketsGone, RefundDecided, SecondPersonNeeded.
    """
    if not reason.strip():
        raise ReasonMissing
    if not part.is_rest:
        return await _submit(desk, _part_move(part, reason, approval))
    whole = replace(approval, wish_id=None, instead_of=approval.wish_id)
    move = refund_move(part.order, cause=RefundCause.ASKED, reason=reason, approval=whole)
    return await _submit(desk, move)


async def _submit(desk: SaleDesk, move: Move) -> Moved | Replayed:
    try:
        return await desk.submit(move)
    except Overruled as overruled:
        raise overruled.refusal from overruled


def _part_move(part: Part, reason: str, approval: Approval) -> Move:
    order = part.order
    money = TicketRefundCompanion(
        order_id=order.id,
        merchant_id=order.merchant_id,
        ticket_ids=part.ticket_ids,
        amount=part.amount,
        currency=order.currency,
        reason=reason,
        requested_by=approval.asker,
        approved_by=approval.actor.user_id,
        refund_id=approval.wish_id or new_id(),
        is_wish=approval.wish_id is not None,
        alone_up_to=approval.alone_up_to,
    )
    return Move(
        OrderEvent.AMEND,
        order.event_id,
        approval.actor,
        order.id,
        reason=reason,
        data={"refund_id": str(money.refund_id), "amount": part.amount, "tickets": _texts(part.ticket_ids)},
        companions=(money, VoidSomeCompanion(order.id, part.ticket_ids)),
        amendment=part.amendment,
        occasion=money.refund_id,
    )


def _texts(ids: Sequence[UUID]) -> list[str]:
    return [str(each) for each in ids]


async def accept_again(
    desk: SaleDesk, *, order: Order, actor: Actor, amount: int, reason: str, once: Once | None = None
) -> Moved | Replayed:
    """Money came a second time for an order that was paid: the order stays as it is, the money is due back."""
    money = RefundDueCompanion(
        order.id,
        order.merchant_id,
        amount,
        RefundCause.PAID_AGAIN,
        reason=reason,
        recorded_by=actor.user_id,
    )
    return await desk.submit(
        Move(
            OrderEvent.PAY_AGAIN,
            order.event_id,
            actor,
            order.id,
            reason=reason,
            companions=(money,),
            wanted=once.wanted if once else None,
            render=once.render if once else None,
        )
    )
