"""Meta's limits of a message, and the checks of them (protocols §6.6)."""

import re
from collections.abc import Collection

MAX_TEXT = 4096
MAX_BODY = 1024
MAX_LIST_BODY = 4096
MAX_HEADER = MAX_FOOTER = 60
MAX_BUTTONS = 3
MAX_BUTTON_ID = 256
MAX_LABEL = 20
MAX_SECTIONS = MAX_ROWS = 10
MAX_ROW_ID = 200
MAX_ROW_TITLE = MAX_SECTION_TITLE = 24
MAX_DESCRIPTION = 72
MAX_CAPTION = 1024
MAX_FILENAME = 240
MAX_URL = 2000
MAX_PARAMETER = 1024
_ADDRESS = re.compile(r"https?://[^\s\x00-\x1f]+", re.IGNORECASE)


class ShapeWrong(ValueError):
    """A message that Meta would refuse; `field` is what is wrong with it."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field


class ShapeTooLong(ShapeWrong):
    """A message with too much in `field`; shorten it with `fit`, or choose another shape."""

    def __init__(self, field: str, limit: int) -> None:
        super().__init__(field, f"more than {limit}")
        self.limit = limit


def check_length(field: str, text: str, limit: int) -> None:
    """At most `limit` characters."""
    if len(text) > limit:
        raise ShapeTooLong(field, limit)


def require_text(field: str, text: str, limit: int) -> None:
    """Something, and not too much of it."""
    if not text.strip():
        raise ShapeWrong(field, "empty")
    check_length(field, text, limit)


def require_some(field: str, things: Collection[object], limit: int) -> None:
    """At least one, at most `limit`."""
    if not things:
        raise ShapeWrong(field, "none")
    if len(things) > limit:
        raise ShapeTooLong(field, limit)


def require_different(field: str, ids: list[str]) -> None:
    """Ids that can be told apart when they come back."""
    if len(set(ids)) < len(ids):
        raise ShapeWrong(field, "twice the same")


def require_address(field: str, address: str) -> None:
    """An address of the web."""
    if not _ADDRESS.fullmatch(address):
        raise ShapeWrong(field, "not an address")
    check_length(field, address, MAX_URL)


def require_source(link: str | None, media_id: str | None) -> None:
    """Where a file is: at an address, or with Meta already."""
    if (link is None) == (media_id is None):
        raise ShapeWrong("link", "either a link or a media_id")
    if link is not None:
        require_address("link", link)


def check_frame(header: str, footer: str) -> None:
    """The small lines above and below an interactive message."""
    check_length("header", header, MAX_HEADER)
    check_length("footer", footer, MAX_FOOTER)
