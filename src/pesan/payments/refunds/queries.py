"""Every read of refunds."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, text

from pesan.db import ReadSession
from pesan.payments.refunds.errors import RefundNotFound
from pesan.payments.refunds.models import IS_WHOLE, Refund
from pesan.payments.refunds.states import RefundCause, RefundState


async def get_refund(session: ReadSession, refund_id: UUID) -> Refund:
    """The refund, if the session's actor may see it; raises RefundNotFound."""
    refund = await session.get(Refund, refund_id)
    if refund is None:
        raise RefundNotFound
    return refund


async def list_refunds(session: ReadSession, order_id: UUID) -> Sequence[Refund]:
    """The refunds of one order, the oldest first."""
    query = select(Refund).where(Refund.order_id == order_id).order_by(Refund.requested_at, Refund.id)
    return (await session.scalars(query)).all()


async def find_whole_refund(session: ReadSession, order_id: UUID) -> Refund | None:
    """The refund of an order as a whole, asked for or further, if there is one."""
    return await session.scalar(
        select(Refund).where(
            Refund.order_id == order_id,
            text(IS_WHOLE),
            Refund.state != RefundState.DECLINED,
        )
    )


async def sum_asked(session: ReadSession, order_id: UUID) -> int:
    """How much of an order's money staff gave back so far, sent or not: asked for, or by a lower price.

    What was declined does not count.
    """
    asked = select(func.coalesce(func.sum(Refund.amount), 0)).where(
        Refund.order_id == order_id,
        Refund.cause.in_((RefundCause.ASKED, RefundCause.PRICE_LOWERED)),
        Refund.state != RefundState.DECLINED,
    )
    return int(await session.scalar(asked) or 0)


async def list_ticket_wishes(session: ReadSession, order_id: UUID) -> Sequence[Refund]:
    """The refunds of some of an order's tickets that wait for a second person."""
    query = select(Refund).where(
        Refund.order_id == order_id, Refund.ticket_ids.is_not(None), Refund.state == RefundState.REQUESTED
    )
    return (await session.scalars(query)).all()
