"""What the pages read out of a request."""

import re
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request

from pesan.catalog.queries import Listing, get_listing
from pesan.db import ReadSession
from pesan.errors import NotFound
from pesan.kit.times import DEFAULT_ZONE
from pesan.web.context import context_of, name_merchant

_KEY = re.compile(r"^(?P<slug>.*?)-?(?P<short_id>[0-9A-Za-z]{1,12})$")
MAX_KEY = 120


def origin_of(request: Request) -> str:
    """`https://pesan.example`, as the visitor's browser knows it."""
    context = context_of(request)
    return f"{context.scheme}://{context.host}"


async def find_listing(request: Request, session: ReadSession, key: str) -> Listing:
    """The event of `{slug}-{shortId}`; the short id alone finds it. Raises NotFound, EventNotFound."""
    match = _KEY.match(key) if len(key) <= MAX_KEY else None
    if match is None:
        raise NotFound
    listing = await get_listing(session, short_id=match["short_id"])
    name_merchant(request, listing.merchant.id)
    return listing


def start_of(day: str, zone: str = DEFAULT_ZONE) -> datetime | None:
    """The first moment of a day that a date field gave; None for anything else that stands in the address."""
    try:
        return datetime.combine(date.fromisoformat(day), time.min, ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def text_of(form: Any, name: str) -> str:
    """A form's field as text; empty when it is missing or a file."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""
