"""The journeys of money that goes back: an order that is taken back, and money that bought nothing."""

from uuid import UUID

from sqlalchemy.exc import IntegrityError

from pesan.checkout.service import Once
from pesan.db import Actor
from pesan.orders import Move, Moved, OrderEvent, Replayed
from pesan.orders.desk import SaleDesk
from pesan.orders.models import Order
from pesan.payments import RefundCause, RefundCompanion, RefundDueCompanion
from pesan.payments.refunds.errors import RefundDecided
from pesan.tickets.issue import VoidCompanion


def refund_move(
    order: Order, *, cause: RefundCause, reason: str, actor: Actor, wish_id: UUID | None = None
) -> Move:
    """The whole order goes back: tickets void at once, places return, its money is due to its buyer.

    With `wish_id` it goes back because somebody asked, and only if they still do.
    """
    money = RefundCompanion(
        order.id,
        order.merchant_id,
        cause,
        reason=reason,
        requested_by=actor.user_id,
        approved_by=actor.user_id,
        wish_id=wish_id,
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
    desk: SaleDesk, *, order: Order, actor: Actor, reason: str, wish_id: UUID | None = None
) -> Moved | Replayed:
    """PAID or COMPLETED → REFUNDED, by whoever may approve it; raises WrongState, ReasonMissing.

    The wish `wish_id` is approved by it; raises RefundDecided when it was declined meanwhile. The money itself is sent
    afterwards (`payments.refunds`).
    """
    move = refund_move(order, cause=RefundCause.ASKED, reason=reason, actor=actor, wish_id=wish_id)
    try:
        return await desk.submit(move)
    except IntegrityError as error:
        if wish_id is None:
            raise
        raise RefundDecided from error


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
