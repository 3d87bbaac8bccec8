"""The page's routes: itself, its files, its state, and what happens as it happens."""

import asyncio
import json
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse, StreamingResponse
from jinja2 import Environment, FileSystemLoader

from pesan.app.whatsapp_fake.business import Business
from pesan.app.whatsapp_fake.graph import Account
from pesan.app.whatsapp_fake.page.words import words_in
from pesan.kit.i18n import Text, parse_locale
from pesan.web.assets import PREFIX, Assets

FOLDER = Path(__file__).parent
OWN_PREFIX = "/page"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
LOOK_SECONDS = 1.0
_STREAM = {"cache-control": "no-store", "x-accel-buffering": "no"}

router = APIRouter()


@cache
def shared_assets() -> Assets:
    """The look that all pages of Pesan share."""
    import pesan.web

    return Assets(Path(next(iter(pesan.web.__path__))) / "static")


@router.get("/")
async def show_page(request: Request, business: Account) -> HTMLResponse:
    """The page."""
    return _render(request, business)


@router.get("/{number}")
async def open_chat(
    number: Annotated[str, InPath(pattern=r"^\d{5,15}$")], request: Request, business: Account
) -> HTMLResponse:
    """The page with a message begun, as `wa.me/{number}?text=` has it."""
    return _render(request, business, number)


@router.get("/fake/state")
async def show_state(business: Account) -> dict[str, Any]:
    """All that the page begins with."""
    return {
        "customers": [customer.as_json() for customer in business.people.newest()],
        "faults": business.chance.faults.model_dump(),
        "measures": _measures(business),
    }


@router.get("/fake/events")
async def stream(business: Account) -> StreamingResponse:
    """What happens, and the measures once a second while they change."""
    return StreamingResponse(_lines(business), media_type="text/event-stream", headers=_STREAM)


async def _lines(business: Business) -> AsyncIterator[str]:
    shown = ""
    with business.events.listening() as queue:
        yield ": listening\n\n"
        while (line := await _next(queue, business)) is not None:
            # Measures that did not change are looked at, and not sent again.
            if line != shown:
                yield f"data: {line}\n\n"
            shown = line if '"measures"' in line else shown


async def _next(queue: "asyncio.Queue[str | None]", business: Business) -> str | None:
    """The next thing that happens; the measures when nothing did for a second."""
    try:
        return await asyncio.wait_for(queue.get(), LOOK_SECONDS)
    except TimeoutError:
        return json.dumps({"kind": "measures", "measures": _measures(business)})


def _measures(business: Business) -> dict[str, Any]:
    return {**business.measures.summary(), "waiting": business.postman.waiting}


def _render(request: Request, business: Business, number: str = "") -> HTMLResponse:
    locale = parse_locale(request.cookies.get("locale") or request.headers.get("accept-language"))
    page = _templates().get_template("page.html").render(
        t=lambda id, en: Text(id, en).in_(locale),  # noqa: A006  the language's own name
        asset=shared_assets().url,
        own=f"{OWN_PREFIX}/static",
        locale=locale,
        words=words_in(locale),
        numbers=business.terms.numbers,
        webhook=business.postman.url,
        opened=next((one.id for one in business.terms.numbers if one.display == number), ""),
        begun=request.query_params.get("text", ""),
    )  # fmt: skip
    return HTMLResponse(page, headers={"content-security-policy": POLICY, "cache-control": "no-store"})


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )


__all__ = ["FOLDER", "OWN_PREFIX", "PREFIX", "router", "shared_assets"]
