"""Lists that page by key, so that page one thousand costs what page one does."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

import orjson

T = TypeVar("T")
DEFAULT_PAGE_SIZE = 24
MAX_PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page, and the cursor of the next (None at the end)."""

    items: Sequence[T]
    next_cursor: str | None


class BadCursor(ValueError):
    """The cursor was not made by this list."""


def encode_cursor(*key: str) -> str:
    """The sort key of a page's last row, as an opaque text."""
    return base64.urlsafe_b64encode(orjson.dumps(key)).rstrip(b"=").decode()


def decode_cursor(cursor: str, length: int) -> tuple[str, ...]:
    """The sort key inside `cursor`; raises BadCursor unless it has `length` texts."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        key = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise BadCursor("malformed") from error
    if not isinstance(key, list) or len(key) != length or not all(isinstance(part, str) for part in key):
        raise BadCursor("malformed")
    return tuple(key)


def encode_moment(at: datetime, row_id: UUID) -> str:
    """The cursor of a list that is sorted by a time, and by an id among rows of the same time."""
    return encode_cursor(at.isoformat(), str(row_id))


def decode_moment(cursor: str) -> tuple[datetime, UUID]:
    """The time and the id inside a cursor of `encode_moment`; raises BadCursor."""
    at, row_id = decode_cursor(cursor, 2)
    try:
        return datetime.fromisoformat(at), UUID(row_id)
    except ValueError as error:
        raise BadCursor("malformed") from error
