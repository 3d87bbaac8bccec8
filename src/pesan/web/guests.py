"""A visitor without an account, recognised by a random cookie and by nothing else."""

import re
import secrets
from typing import Any

from pesan.web.context import RequestContext, context_of
from pesan.web.cookies import GUEST, YEAR_SECONDS, cookie_name, header_value, read_cookie

_ID = re.compile(r"[A-Za-z0-9_-]{22,43}")


def find_guest_id(request: Any) -> str | None:
    """The visitor's id, when their browser brought one."""
    return known_guest(context_of(request))


def known_guest(context: RequestContext) -> str | None:
    """The visitor's id, brought by the browser or just made."""
    if context.guest_id is None:
        given = read_cookie(context, cookie_name(context, GUEST))
        context.guest_id = given if _ID.fullmatch(given) else None
    return context.guest_id


def guest_id(request: Any) -> str:
    """The visitor's id; a new one is set with this answer."""
    known = find_guest_id(request)
    if known is not None:
        return known
    context = context_of(request)
    context.guest_id = secrets.token_urlsafe(24)
    name = cookie_name(context, GUEST)
    context.cookies_out.append(
        header_value(name, context.guest_id, is_secure=context.scheme == "https", max_age=YEAR_SECONDS)
    )
    return context.guest_id
