"""The first pages: all merchants, one merchant."""

from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.responses import Response

from pesan.backoffice.desk import DeskOf, go
from pesan.backoffice.queries.events import list_coming_events
from pesan.backoffice.queries.refunds import get_due
from pesan.backoffice.queries.shops import get_numbers
from pesan.backoffice.views.events import Overview, event_row
from pesan.identity.policies import CUSTOMER, may_manage_events
from pesan.web.access import Who, allow

router = APIRouter(dependencies=[allow(Who.STAFF)])
anybody = APIRouter(dependencies=[allow(Who.USER)])


@anybody.get("/dashboard")
async def show_dashboard(desk: DeskOf) -> Response:
    """Where somebody works: trips, or the merchants; their own bookings where they work for nobody."""
    if desk.person.role == CUSTOMER:
        return go("/account")
    async with desk.reading("home") as room:
        shops = room.chrome.shops
    runs_trips = any(shop.has_trips and may_manage_events(desk.person, shop.id) for shop in shops)
    return go("/jastip" if runs_trips and not desk.person.is_platform_admin else "/backoffice")


@router.get("/backoffice")
async def show_home(desk: DeskOf) -> Response:
    """The merchants to choose from; straight on when there is one."""
    async with desk.reading("home") as room:
        shops = room.chrome.shops
        if len(shops) == 1 and not room.chrome.may_operate:
            return go(shops[0].path)
        return desk.page(room.chrome, "home", {})


@router.get("/organizer/{merchant}")
async def show_overview(desk: DeskOf, merchant: str) -> Response:
    """What waits, what was sold today, and the events to come."""
    async with desk.reading("overview", merchant) as room:
        today = datetime.now(ZoneInfo(room.shop.zone)).replace(hour=0, minute=0, second=0, microsecond=0)
        numbers = await get_numbers(room.session, room.shop.id, day_began_at=today)
        events = await list_coming_events(room.session, room.shop.id)
        due = await get_due(room.session, room.shop.id)
        overview = Overview(numbers, due, [event_row(event, room.shop.path) for event in events])
        return desk.page(room.chrome, "overview", {"overview": overview})
