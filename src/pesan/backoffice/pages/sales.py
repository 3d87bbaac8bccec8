"""How an event sells: the charts that its organizer looks at."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from pesan.backoffice.desk import DeskOf
from pesan.backoffice.periods import Period
from pesan.backoffice.queries.events import get_event
from pesan.backoffice.queries.sales import load_sales
from pesan.backoffice.views.sales import sales_page
from pesan.identity.policies import may_manage_events
from pesan.web.access import Who, allow

router = APIRouter(
    prefix="/organizer/{merchant}/events/{short_id}/sales", dependencies=[allow(Who.ORGANIZER)]
)


@router.get("")
async def show_sales(
    desk: DeskOf,
    merchant: str,
    short_id: str,
    by: Annotated[str, Query(pattern="^(hour|day)?$")] = "",
) -> Response:
    """The sale over time, how far orders came, what was sold of what, and where the money is."""
    async with desk.reading("events", merchant, may_manage_events) as room:
        own = await get_event(room.session, room.shop.id, short_id, or_outlet=True)
        facts = await load_sales(room.session, own, zone=room.shop.zone)
        page = sales_page(
            facts,
            path=f"{room.shop.path}/events/{short_id}",
            zone=room.shop.zone,
            locale=desk.locale,
            period=Period(by) if by else None,
        )
        return desk.page(room.chrome, "sales", {"page": page})
