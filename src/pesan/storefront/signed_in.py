"""Signing a browser in and out: the cookie and the session on the server go together."""

from typing import NamedTuple
from urllib.parse import quote

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from pesan.identity.errors import UnknownSession
from pesan.identity.known_browsers import KNOWN_FOR, KnownBrowser, KnownBrowsers
from pesan.identity.policies import SignedIn
from pesan.identity.service import NewSession, end_session
from pesan.identity.states import STEP_LIFE
from pesan.web.cookies import (
    KNOWN,
    STEP,
    drop_guarded,
    drop_session,
    read_guarded,
    write_guarded,
    write_session,
)
from pesan.web.deps import find_person, get_database, get_registry, ip_digest
from pesan.web.errors import SignInNeeded

STEP_PATH = "/account/second-step"


class Device(NamedTuple):
    """What a session remembers of where it was opened."""

    ip_digest: str
    user_agent: str | None


def device_of(request: Request) -> Device:
    """The device behind a request."""
    return Device(ip_digest(request), request.headers.get("user-agent"))


def known_browser(request: Request) -> KnownBrowser | None:
    """Who signed in on this browser before, if it says so."""
    return get_registry(request)[KnownBrowsers].find(read_guarded(request, KNOWN))


async def get_person(request: Request) -> SignedIn:
    """Whoever is signed in; raises SignInNeeded."""
    person = await find_person(request)
    if not isinstance(person, SignedIn):
        raise SignInNeeded
    return person


async def sign_in(request: Request, opened: NewSession, target: str) -> Response:
    """Go on under a new session, or to the second step first; an older session of this browser ends."""
    await end_current(request)
    if opened.is_waiting:
        step = RedirectResponse(f"{STEP_PATH}?next={quote(target, safe='')}", 303)
        drop_session(request, step)
        write_guarded(request, step, STEP, opened.token, max_age=int(STEP_LIFE.total_seconds()))
        return step
    response = RedirectResponse(target, 303)
    drop_guarded(request, response, STEP)
    write_session(request, response, opened.token)
    mark = get_registry(request)[KnownBrowsers].mark(opened.user_id)
    write_guarded(request, response, KNOWN, mark, max_age=int(KNOWN_FOR.total_seconds()))
    return response


async def sign_out(request: Request, target: str) -> Response:
    """End the session on the server and in the browser."""
    await end_current(request)
    response = RedirectResponse(target, 303)
    drop_session(request, response)
    return response


async def end_current(request: Request) -> None:
    """End the session that the request came with, if it has one that lives."""
    person = await find_person(request)
    if not isinstance(person, SignedIn):
        return
    actor = person.to_actor(ip_digest=ip_digest(request))
    try:
        async with get_database(request).identity() as session:
            await end_session(session, user_id=person.user_id, session_id=person.session_id, actor=actor)
    except UnknownSession:
        return  # ended from elsewhere a moment ago
