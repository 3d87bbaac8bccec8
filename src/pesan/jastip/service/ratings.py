"""Rating a jastiper, reporting what somebody said, and deciding about it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert

from pesan.db import WriteSession
from pesan.jastip.errors import NotToBeRated
from pesan.jastip.models import Rating
from pesan.kit.names import mask_name
from pesan.orders.models import Order
from pesan.orders.states import SHIPPED, OrderState


@dataclass(frozen=True, slots=True)
class Said:
    """A score, 1 to 5, and what somebody wants to say with it."""

    score: int
    words: str = ""


async def rate_order(session: WriteSession, order: Order, said: Said) -> None:
    """Rate whoever sent this order; what was said once stays, and saying it again changes nothing.

    Raises NotToBeRated for what was not sent.
    """
    if order.fulfilment not in SHIPPED or order.state != OrderState.COMPLETED:
        raise NotToBeRated
    row = {
        "order_id": order.id,
        "merchant_id": order.merchant_id,
        "score": said.score,
        "words": said.words,
        "shown_name": mask_name(order.buyer_name),
    }
    await session.execute(insert(Rating).values(row).on_conflict_do_nothing())


async def report_rating(session: WriteSession, order_id: UUID) -> None:
    """Have people of the platform look at what somebody said; once is enough, and not after they decided."""
    query = update(Rating).where(
        Rating.order_id == order_id, Rating.reported_at.is_(None), Rating.decided_at.is_(None)
    )
    await session.execute(query.values(reported_at=func.clock_timestamp()))


async def decide_rating(session: WriteSession, order_id: UUID, *, hides: bool) -> None:
    """Hide what was reported, or leave it shown; who comes second changes nothing."""
    hidden = func.clock_timestamp() if hides else None
    query = update(Rating).where(Rating.order_id == order_id, Rating.decided_at.is_(None))
    await session.execute(query.values(decided_at=func.clock_timestamp(), hidden_at=hidden))
