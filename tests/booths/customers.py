"""A customer with a browser that runs no scripts, at the booth desk's pages."""

import re
from datetime import datetime, timedelta
from uuid import uuid4

import httpx

from pesan.booths.present import write_at
from pesan.checkout.links import outlet_path
from pesan.orders.moves import LineWish, SlotWish
from tests.storefront.guest import Guest
from tests.support.booths import Place, now_of_this_test
from tests.support.factories import Make

TIME = re.compile(r'href="([^"]+/(?:book|reschedule)[?]at=[^"]+)"')


def path_of(place: Place) -> str:
    """The outlet's page."""
    return outlet_path(place.event.slug, place.event.short_id)


def whole_hour(hours: int = 2) -> datetime:
    """A time that the slots of an outlet have that is open day and night."""
    return (now_of_this_test() + timedelta(hours=hours)).replace(minute=0, second=0, microsecond=0)


def day_page(place: Place, at: datetime, base: str = "") -> str:
    """The page with the times of that day, in Jakarta."""
    return f"{base or path_of(place)}?day={(at + timedelta(hours=7)).date().isoformat()}"


async def book(
    guest: Guest, place: Place, at: datetime, *, key: str = "", token: str = "", **typed: str
) -> httpx.Response:
    """Post the sheet for this time; `token` is of a sheet that was opened before."""
    sheet = f"{path_of(place)}/book"
    form = {
        "name": "Siti Rahma",
        "terms": "1.1.1",
        "at": write_at(at),
        **typed,
        "idempotency_key": key or str(uuid4()),
        "csrf_token": token or await guest.token(f"{sheet}?at={write_at(at)}"),
    }
    return await guest.client.post(sheet, data=form)


async def take(make: Make, place: Place, at: datetime, *, booth: int = 0) -> None:
    """Somebody else holds this time."""
    slot = await make.slot(place.event, at, minutes=15, resource=place.booths[booth].number)
    await make.order(place.event, lines=(LineWish(slot=SlotWish(slot.id, slot.pool_id)),))
