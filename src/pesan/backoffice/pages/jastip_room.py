"""What every page of a trip starts with: the trip, for whoever runs it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.responses import HTMLResponse

from pesan.backoffice.desk import Desk, Room, WorkRoom
from pesan.backoffice.views.chrome import Shop
from pesan.backoffice.views.jastip import TripFrame
from pesan.db import ReadSession
from pesan.identity.policies import may_manage_events
from pesan.jastip.errors import TripNotFound
from pesan.jastip.policies import may_run_trip
from pesan.jastip.queries.trips import TripView, get_trip

SECTION = "jastip"


@dataclass(frozen=True, slots=True)
class TripRoom:
    """A read-only transaction with a trip and the frame of its pages."""

    room: Room
    view: TripView
    frame: TripFrame

    @property
    def session(self) -> ReadSession:
        """The transaction."""
        return self.room.session


@asynccontextmanager
async def reading_trip(desk: Desk, merchant: str, trip_id: UUID) -> AsyncIterator[TripRoom]:
    """The trip, for whoever runs it; raises TripNotFound for one that is not theirs."""
    async with desk.reading(SECTION, merchant, may_manage_events) as room:
        view = await own_trip(desk, room.session, room.shop, trip_id)
        yield TripRoom(room, view, frame_of(room.shop, view))


@asynccontextmanager
async def writing_trip(desk: Desk, merchant: str, trip_id: UUID) -> AsyncIterator[WorkRoom]:
    """A transaction that changes something of a trip; raises TripNotFound for one that is not theirs."""
    async with desk.writing(merchant, may_manage_events) as work:
        await own_trip(desk, work.session, work.shop, trip_id)
        yield work


async def own_trip(desk: Desk, session: ReadSession, shop: Shop, trip_id: UUID) -> TripView:
    """A trip of this merchant's that the person runs; raises TripNotFound, also for an archived one."""
    view = await get_trip(session, trip_id)
    is_own = view.trip.merchant_id == shop.id and may_run_trip(desk.person, shop.id, trip_id)
    if not is_own or view.trip.is_archived:
        raise TripNotFound
    return view


def trips_path(shop: Shop) -> str:
    """Where the merchant's trips are."""
    return f"/jastip/{shop.slug}"


def frame_of(shop: Shop, view: TripView) -> TripFrame:
    """What the pages of a trip have in common."""
    return TripFrame(
        title=view.event.title,
        slug=view.trip.slug,
        path=f"{trips_path(shop)}/trips/{view.trip.event_id}",
        list_path=trips_path(shop),
        deadline=view.event.sale_closes_at,
        is_active=view.trip.is_active,
        is_open=view.is_open,
    )


def show_trip(
    desk: Desk, room: TripRoom, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HTMLResponse:
    """A page of a trip."""
    return desk.page(room.room.chrome, template, {"trip": room.frame, **context}, status=status)
