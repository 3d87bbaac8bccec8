"""What every page of an outlet starts with: the outlet, for whoever works there."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.responses import HTMLResponse

from pesan.backoffice.desk import Desk, Room, Rule
from pesan.backoffice.views.booth_board import OutletFrame
from pesan.backoffice.views.booth_words import SESSION_MARKS, SESSION_STATES
from pesan.backoffice.views.chrome import Shop
from pesan.booths.errors import OutletNotFound
from pesan.booths.policies import may_run_booths, may_work_at
from pesan.booths.queries.outlets import OutletView, get_outlet
from pesan.db import ReadSession
from pesan.identity.policies import may_review

SECTION = "booths"


@dataclass(frozen=True, slots=True)
class OutletRoom:
    """A read-only transaction with an outlet and the frame of its pages."""

    room: Room
    view: OutletView
    frame: OutletFrame

    @property
    def session(self) -> ReadSession:
        """The transaction."""
        return self.room.session


@asynccontextmanager
async def reading_outlet(
    desk: Desk, merchant: str, outlet_id: UUID, rule: Rule = may_review
) -> AsyncIterator[OutletRoom]:
    """The outlet, for people whom `rule` lets in; raises OutletNotFound for one that is not theirs."""
    async with desk.reading(SECTION, merchant, rule) as room:
        view = await own_outlet(desk, room.session, room.shop, outlet_id)
        yield OutletRoom(room, view, frame_of(desk, room.shop, view))


async def own_outlet(desk: Desk, session: ReadSession, shop: Shop, outlet_id: UUID) -> OutletView:
    """An outlet of this merchant's at which the person works; raises OutletNotFound."""
    view = await get_outlet(session, outlet_id)
    if view.outlet.merchant_id != shop.id or not may_work_at(desk.person, shop.id, outlet_id):
        raise OutletNotFound
    return view


def booths_path(shop: Shop) -> str:
    """Where the merchant's outlets are."""
    return f"/backoffice/booths/{shop.slug}"


def frame_of(desk: Desk, shop: Shop, view: OutletView) -> OutletFrame:
    """What the pages of an outlet have in common."""
    outlet = view.outlet
    return OutletFrame(
        name=outlet.name,
        location=outlet.location,
        path=f"{booths_path(shop)}/outlets/{outlet.event_id}",
        list_path=booths_path(shop),
        zone=outlet.zone,
        is_open=view.is_open,
        is_archived=outlet.is_archived,
        may_run=may_run_booths(desk.person, shop.id),
    )


def show_outlet(
    desk: Desk, room: OutletRoom, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HTMLResponse:
    """A page of an outlet, in the outlet's time."""
    common = {
        "outlet": room.frame,
        "zone": room.frame.zone,
        "session_words": SESSION_STATES,
        "session_marks": SESSION_MARKS,
    }
    return desk.page(room.room.chrome, template, {**common, **context}, status=status)
