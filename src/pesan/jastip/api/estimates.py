"""What telling everybody on a trip would cost, before anybody is told."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import func, select

from pesan.chats.catalogue import BROADCAST, find_template
from pesan.chats.costs import count_free_used, list_rates
from pesan.chats.prices import preview
from pesan.chats.states import Category
from pesan.errors import InvalidInput
from pesan.jastip.api.desks import NOT_YOURS, SIGNED_IN, DeskOf
from pesan.jastip.api.schemas import EstimateAnswer
from pesan.jastip.errors import TripNotFound
from pesan.jastip.queries.audience import count_audience
from pesan.kit.i18n import Text
from pesan.web.access import Who, allow
from pesan.web.errors import ValidationFailed
from pesan.web.openapi import described, refusals

router = APIRouter(prefix="/api/trips", tags=["jastip"], dependencies=[allow(Who.USER)])
HIGH_RUPIAH = Decimal(50_000)
"""From here on jastipin.md §12 advises to ask people first."""
_UNKNOWN = Text(
    id="Tidak ada templat dengan nama ini.",
    en="There is no template of this name.",
)


@router.get(
    "/{trip_id}/broadcast/estimate",
    responses=refusals(*NOT_YOURS, ValidationFailed, TripNotFound, InvalidInput),
    openapi_extra=described(security=SIGNED_IN),
)
async def estimate_broadcast(
    desk: DeskOf, trip_id: UUID, template: Annotated[str, Query(min_length=1, max_length=120)] = BROADCAST
) -> EstimateAnswer:
    """What one message to everybody who takes part would cost today; whoever wants to hear nothing is not counted."""
    chosen = find_template(template)
    async with desk.reading() as session:
        await desk.trip(session, trip_id)
        if chosen is None:
            raise InvalidInput("template", _UNKNOWN)
        is_marketing = chosen.category is Category.MARKETING
        now = (await session.scalars(select(func.clock_timestamp()))).one()
        audience = await count_audience(session, trip_id, is_marketing=is_marketing)
        rates, used = await list_rates(session), await count_free_used(session, now)
    price = preview(rates, audience, category=chosen.category, day=now.date(), free_used=used)
    return EstimateAnswer(
        participant_count=price.count,
        cost_per_message=_rupiah(price.per_message),
        total_cost_idr=_rupiah(price.total),
        recommendation="High cost - consider opt-in" if price.total > HIGH_RUPIAH else "OK",
    )


def _rupiah(amount: Decimal) -> str:
    return f"Rp{amount.quantize(Decimal(1), ROUND_HALF_UP)}"
