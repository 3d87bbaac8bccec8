"""Every read of refunds."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from pesan.db import ReadSession
from pesan.payments.refunds.errors import RefundNotFound
from pesan.payments.refunds.models import Refund
from pesan.payments.refunds.states import RefundState


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
            Refund.payment_id.is_(None),
            Refund.state != RefundState.DECLINED,
        )
    )
