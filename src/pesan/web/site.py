"""The few addresses that belong to no feature: language and colours, the icon, what crawlers may read."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from pesan.errors import NotFound
from pesan.web.access import Who, allow
from pesan.web.assets import Assets
from pesan.web.context import context_of
from pesan.web.cookies import LANGUAGE_COOKIE, THEME_COOKIE, YEAR_SECONDS
from pesan.web.deps import get_registry
from pesan.web.locale import LANGUAGES, THEMES
from pesan.web.redirects import safe_next

_ICON = "icon.svg"
# Bookings are not named here: a page that may not be fetched can still be listed by its address, so these pages say
# noindex themselves.
_ROBOTS = "User-agent: *\nDisallow: /api/\nDisallow: /backoffice\n"

router = APIRouter(dependencies=[allow(Who.PUBLIC)], include_in_schema=False)


@router.post("/preferences")
async def set_preferences(
    request: Request,
    lang: Annotated[str, Form()] = "",
    theme: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002  the form's own name
) -> Response:
    """Remember a language or a colour scheme, and go back; works without scripts."""
    response = RedirectResponse(safe_next(next), 303)
    if lang in LANGUAGES:
        _remember(request, response, LANGUAGE_COOKIE, lang)
    if theme in (*THEMES, "auto"):
        _remember(request, response, THEME_COOKIE, theme)
    return response


@router.get("/favicon.ico")
async def get_icon(request: Request) -> Response:
    """The icon, for browsers that ask before they read the page."""
    try:
        body = get_registry(request)[Assets].body(_ICON)
    except KeyError:
        raise NotFound from None
    return Response(body, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})


@router.get("/robots.txt")
async def get_robots() -> Response:
    """Events may be found; bookings are nobody else's business."""
    return Response(_ROBOTS, media_type="text/plain", headers={"Cache-Control": "public, max-age=86400"})


def _remember(request: Request, response: Response, name: str, value: str) -> None:
    is_secure = context_of(request).scheme == "https"
    response.set_cookie(name, value, max_age=YEAR_SECONDS, secure=is_secure, httponly=True, samesite="lax")
