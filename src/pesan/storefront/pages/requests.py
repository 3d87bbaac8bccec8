"""What the event's pages read out of a request."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from fastapi import Request

from pesan.catalog.queries import Listing, get_listing
from pesan.db import ReadSession
from pesan.kit.times import DEFAULT_ZONE
from pesan.web.context import name_merchant
from pesan.web.requests import short_id_of


async def find_listing(request: Request, session: ReadSession, key: str) -> Listing:
    """The event of `{slug}-{shortId}`; the short id alone finds it. Raises NotFound, EventNotFound."""
    listing = await get_listing(session, short_id=short_id_of(key))
    name_merchant(request, listing.merchant.id)
    return listing


def start_of(day: str, zone: str = DEFAULT_ZONE) -> datetime | None:
    """The first moment of a day that a date field gave; None for anything else that stands in the address."""
    try:
        return datetime.combine(date.fromisoformat(day), time.min, ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
