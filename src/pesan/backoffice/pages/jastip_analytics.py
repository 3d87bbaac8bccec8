"""How trips go: one of them as a tab beside its orders, and all of a merchant's together."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import func, select
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, Room
from pesan.backoffice.pages.jastip_room import SECTION, reading_trip, show_trip, trips_path
from pesan.backoffice.queries.jastip_analytics import Span, list_own_trips, load_figures
from pesan.backoffice.views.jastip_analytics import AnalyticsPage, Window, analytics_page, span_of
from pesan.identity.policies import may_manage, may_manage_events
from pesan.jastip.policies import may_run_trip
from pesan.web.access import Who, allow

router = APIRouter(prefix="/jastip/{merchant}", dependencies=[allow(Who.ORGANIZER)])
Days = Annotated[str, Query(pattern="^(7|30|90|all)?$")]


@router.get("/analytics")
async def show_all_figures(desk: DeskOf, merchant: str, days: Days = "") -> Response:
    """Every trip that the person runs, together."""
    async with desk.reading(SECTION, merchant, may_manage_events) as room:
        listed = await list_own_trips(room.session, room.shop.id)
        own = [(id_, since) for id_, since in listed if may_run_trip(desk.person, room.shop.id, id_)]
        page = await _page(desk, room, own, trips_path(room.shop), days)
        return desk.page(room.chrome, "jastip_analytics", {"page": page, "trip": None})


@router.get("/trips/{trip_id}/analytics")
async def show_figures(desk: DeskOf, merchant: str, trip_id: UUID, days: Days = "") -> Response:
    """One trip."""
    async with reading_trip(desk, merchant, trip_id) as room:
        own = [(trip_id, room.view.event.created_at)]
        page = await _page(desk, room.room, own, room.frame.path, days)
        return show_trip(desk, room, "jastip_analytics", {"page": page})


async def _page(
    desk: Desk, room: Room, trips: list[tuple[UUID, datetime]], path: str, days: str
) -> AnalyticsPage:
    window, shop = Window(days or Window.MONTH), room.shop
    now = (await room.session.scalars(select(func.clock_timestamp()))).one()
    since, period = span_of(window, now, shop.zone, min((first for _, first in trips), default=now))
    is_whole = may_manage(desk.person, shop.id)
    span = Span(
        shop.id,
        [trip_id for trip_id, _ in trips],
        shop.zone,
        since,
        period,
        has_profile=path == trips_path(shop) and is_whole,
    )
    figures = await load_figures(room.session, span, with_costs=is_whole)
    return analytics_page(figures, span, now, path=f"{path}/analytics", window=window, locale=desk.locale)
