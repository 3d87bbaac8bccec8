"""The cookies of this instance: what they are called, and how they are guarded."""

import re
from typing import Any

from starlette.requests import cookie_parser
from starlette.responses import Response

from pesan.web.context import RequestContext, context_of

LANGUAGE_COOKIE = "pesan_lang"
THEME_COOKIE = "pesan_theme"
GUEST = "pesan_guest"
SESSION = "pesan_session"
REFRESH = "pesan_refresh"
STEP = "pesan_step"
KNOWN = "pesan_known"
TRIP = "pesan_trip"
CODES = "pesan_codes"
PARTICIPANT = "pesan_participant"
MAX_CODES = 10
YEAR_SECONDS = 365 * 86_400
_HOST_PREFIX = "__Host-"
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9_.=-]*")


def cookie_name(context: RequestContext, name: str) -> str:
    """The name with the `__Host-` prefix, which browsers keep to TLS and to this host alone.

    On plain http there is none: development on localhost; production refuses a base URL without https.
    """
    return f"{_HOST_PREFIX}{name}" if context.scheme == "https" else name


def read_cookie(context: RequestContext, name: str) -> str:
    """A cookie's value by its full name; empty when it is missing."""
    return _parse(context).get(name, "")


def read_guarded(request: Any, name: str) -> str:
    """The value of one of the guarded cookies above, whatever the scheme calls it."""
    context = context_of(request)
    return read_cookie(context, cookie_name(context, name))


def write_guarded(
    request: Any, response: Response, name: str, value: str, *, max_age: int | None = None
) -> None:
    """Set a guarded cookie: HttpOnly, SameSite=Lax, Secure on https; without `max_age` it ends with the browser."""
    context = context_of(request)
    cookie = header_value(
        cookie_name(context, name), value, is_secure=context.scheme == "https", max_age=max_age
    )
    response.raw_headers.append((b"set-cookie", cookie))


def drop_guarded(request: Any, response: Response, name: str) -> None:
    """Make the browser forget a guarded cookie."""
    write_guarded(request, response, name, "", max_age=0)


def write_session(request: Any, response: Response, token: str) -> None:
    """Keep a signed-in person's token until the browser closes (workflow-client-upgraded.md §8)."""
    write_guarded(request, response, SESSION, token)


def drop_session(request: Any, response: Response) -> None:
    """Forget the signed-in person."""
    drop_guarded(request, response, SESSION)


def session_token(request: Any) -> str:
    """The token of whoever is signed in; empty for a guest."""
    return read_guarded(request, SESSION)


def remember_code(request: Any, response: Response, code: str) -> None:
    """Keep a booking code in the guest's browser, newest first; the code proves whose booking it is."""
    codes = [code, *(kept for kept in remembered_codes(request) if kept != code)][:MAX_CODES]
    write_guarded(request, response, CODES, ".".join(codes), max_age=YEAR_SECONDS)


def remember_opened(request: Any, response: Response, code: str) -> None:
    """Keep the code of a link that was opened, where it pushes none out.

    Anybody can send a link, and must not choose whose bookings this browser keeps.
    """
    kept = remembered_codes(request)
    if not kept or code in kept:
        remember_code(request, response, code)


def remembered_codes(request: Any) -> tuple[str, ...]:
    """The booking codes that this browser keeps."""
    kept = read_guarded(request, CODES)
    codes = kept.split(".")[:MAX_CODES] if kept else ()
    return tuple(code for code in codes if code.isalnum() and code.isascii())


def header_value(name: str, value: str, *, is_secure: bool, max_age: int | None) -> bytes:
    """A guarded cookie as a Set-Cookie header; raises ValueError for a value that would need quotes."""
    # By hand, because the standard library's way costs a hold more than its answer does.
    if not _PLAIN_VALUE.fullmatch(value):
        raise ValueError("a cookie's value is letters, digits and - _ . =")
    age = "" if max_age is None else f"; Max-Age={max_age}"
    secure = "; Secure" if is_secure else ""
    return f"{name}={value}; HttpOnly{age}; Path=/; SameSite=lax{secure}".encode("ascii")


def _parse(context: RequestContext) -> dict[str, str]:
    if context.cookies_in is None:
        # The standard library's parser drops every cookie when one of them, whoever set it, is odd.
        context.cookies_in = cookie_parser(context.text_header(b"cookie"))
    return context.cookies_in
