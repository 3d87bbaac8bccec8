"""What the pages read out of a request."""

import re
from typing import Any

from pesan.errors import NotFound
from pesan.web.context import context_of

MAX_KEY = 120
_KEY = re.compile(r"^(?P<slug>.*?)-?(?P<short_id>[0-9A-Za-z]{1,12})$")


def origin_of(request: Any) -> str:
    """`https://pesan.example`, as the visitor's browser knows it."""
    context = context_of(request)
    return f"{context.scheme}://{context.host}"


def short_id_of(key: str) -> str:
    """The short id at the end of `{slug}-{shortId}`, which alone finds the thing; raises NotFound."""
    match = _KEY.match(key) if len(key) <= MAX_KEY else None
    if match is None:
        raise NotFound
    return match["short_id"]


def text_of(form: Any, name: str) -> str:
    """A form's field as text; empty when it is missing or a file."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""
