"""Every read of what people say of jastipers."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from pesan.db import ReadSession
from pesan.jastip.models import Rating
from pesan.tenancy.models import Merchant

_MOST = 5


@dataclass(frozen=True, slots=True)
class Ratings:
    """How a jastiper is rated: the average of all that are shown, how many there are, and the latest with words."""

    average: float | None
    count: int
    latest: Sequence[Rating]


async def get_ratings(session: ReadSession, merchant_id: UUID) -> Ratings:
    """A jastiper's ratings, as anybody may see them; no average where there are none."""
    average, count = await rate(session, merchant_id)
    query = select(Rating).where(
        Rating.merchant_id == merchant_id, Rating.hidden_at.is_(None), Rating.words != ""
    )
    latest = await session.scalars(query.order_by(Rating.created_at.desc(), Rating.order_id).limit(_MOST))
    return Ratings(average, count, latest.all())


async def rate(session: ReadSession, merchant_id: UUID) -> tuple[float | None, int]:
    """The average to one decimal, None without any, and how many there are."""
    query = select(func.avg(Rating.score), func.count()).where(
        Rating.merchant_id == merchant_id, Rating.hidden_at.is_(None)
    )
    average, count = (await session.execute(query)).one()
    return (round(float(average), 1) if count else None), count


async def find_rating(session: ReadSession, order_id: UUID) -> Rating | None:
    """What was said with an order; None for nothing yet, and for what was hidden."""
    return await session.get(Rating, order_id)


async def list_reported(session: ReadSession, *, limit: int = 100) -> Sequence[tuple[Rating, Merchant]]:
    """What was reported and nobody decided yet, the oldest report first."""
    query = (
        select(Rating, Merchant)
        .join(Merchant, Merchant.id == Rating.merchant_id)
        .where(Rating.reported_at.is_not(None), Rating.decided_at.is_(None))
    )
    rows = await session.execute(query.order_by(Rating.reported_at, Rating.order_id).limit(limit))
    return [(rating, merchant) for rating, merchant in rows]
