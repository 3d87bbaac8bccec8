"""The bookings of an outlet, and its day as a timeline."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf
from pesan.backoffice.pages.bookings import naming_of
from pesan.backoffice.pages.booth_room import OutletRoom, reading_outlet, show_outlet
from pesan.backoffice.pages.listing import address_of, next_address
from pesan.backoffice.queries.booth_boards import read_clock
from pesan.backoffice.views.booth_days import (
    ROW_HEIGHT,
    BoothBookingsPage,
    BoothFilters,
    DayPage,
    axis_of,
    blocks_of,
    booth_row,
    is_of_day,
)
from pesan.booths.queries.outlets import list_booths, list_hours
from pesan.booths.queries.sessions import BookingFilter, list_booked
from pesan.booths.slots import DAY, open_times
from pesan.booths.states import SessionState
from pesan.kit.pagination import BadCursor
from pesan.kit.times import in_zone
from pesan.web.access import Who, allow
from pesan.web.errors import BadRequest

router = APIRouter(
    prefix="/backoffice/booths/{merchant}/outlets/{outlet_id}", dependencies=[allow(Who.STAFF)]
)
# More than anybody reads on one page; what is not shown is said.
MOST = 2_000
_YEARS = range(2000, 2200)


def read_filters(
    q: Annotated[str, Query(max_length=100)] = "",
    state: Annotated[str, Query(max_length=17)] = "",
    day: Annotated[str, Query(max_length=10)] = "",
) -> BoothFilters:
    """What narrows the list, from the address; what makes no sense does not narrow."""
    return BoothFilters(q=q, state=state if state in set(SessionState) else "", day=day if _day(day) else "")


@router.get("/bookings")
async def show_bookings(
    desk: DeskOf,
    merchant: str,
    outlet_id: UUID,
    filters: Annotated[BoothFilters, Depends(read_filters)],
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """The outlet's bookings, the newest first."""
    async with reading_outlet(desk, merchant, outlet_id) as room:
        naming, path = naming_of(desk, room.room.shop), room.frame.path
        wanted = _wanted(room, filters, by_beginning=naming.is_open)
        try:
            found = await list_booked(room.session, wanted, cursor=after)
        except BadCursor as error:
            raise BadRequest from error
        page = BoothBookingsPage(
            rows=[booth_row(each, path, naming) for each in found.items],
            filters=filters,
            next_url=next_address(f"{path}/bookings", filters, found.next_cursor),
            first_url=address_of(f"{path}/bookings", filters) if after else None,
        )
        return show_outlet(desk, room, "booth_bookings", {"page": page})


@router.get("/day")
async def show_day(
    desk: DeskOf, merchant: str, outlet_id: UUID, day: Annotated[str, Query(max_length=10)] = ""
) -> Response:
    """What is booked at every booth on a day, today unless the address says otherwise."""
    async with reading_outlet(desk, merchant, outlet_id) as room:
        context = {"page": await _day_page(desk, room, _day(day)), "row_height": ROW_HEIGHT}
        return show_outlet(desk, room, "booth_day", context)


async def _day_page(desk: Desk, room: OutletRoom, wanted_day: date | None) -> DayPage:
    outlet_id, zone = room.view.outlet.event_id, room.frame.zone
    now = await read_clock(room.session)
    today = in_zone(now, zone).date()
    day = wanted_day or today
    booths = await list_booths(room.session, outlet_id)
    hours = await list_hours(room.session, outlet_id)
    wanted = _wanted(room, BoothFilters(day=day.isoformat()), by_beginning=False)
    found = await list_booked(room.session, wanted, limit=MOST)
    naming = naming_of(desk, room.room.shop)
    pairs = [(each, booth_row(each, room.frame.path, naming)) for each in found.items if is_of_day(each)]
    pairs.sort(key=lambda pair: (pair[1].starts_at, pair[1].booth))
    rows = [row for _, row in pairs]
    axis = axis_of(list(open_times(day, hours, zone)) if booths else [], rows, now, zone)
    return DayPage(
        day=day,
        noon=datetime.combine(day, time(12), ZoneInfo(zone)).astimezone(UTC),
        previous=day - DAY,
        next=day + DAY,
        is_today=day == today,
        booths=[booth.name for booth in booths],
        blocks=blocks_of(axis, booths, pairs) if axis else [],
        rows=rows,
        axis=replace(axis, height=len(booths) * ROW_HEIGHT) if axis else None,
        is_cut=found.next_cursor is not None,
    )


def _wanted(room: OutletRoom, filters: BoothFilters, *, by_beginning: bool) -> BookingFilter:
    day, zone = _day(filters.day), room.frame.zone
    return BookingFilter(
        outlet_ids=[room.view.outlet.event_id],
        state=SessionState(filters.state) if filters.state else None,
        search=filters.q,
        starts_from=_midnight(day, zone) if day else None,
        starts_before=_midnight(day + timedelta(days=1), zone) if day else None,
        by_beginning=by_beginning,
    )


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in _YEARS else None


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(zone))
