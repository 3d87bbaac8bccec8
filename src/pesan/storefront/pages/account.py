"""One's own account: bookings, the address, the password, and where one is signed in."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from pesan.db import Actor
from pesan.errors import PesanError
from pesan.identity.openid.client import Client
from pesan.identity.openid.service import is_joined, leave_provider
from pesan.identity.policies import CUSTOMER, SignedIn
from pesan.identity.queries import find_user_by_email, list_sessions
from pesan.identity.service import ask_verification, change_password, end_session, log_out_everywhere
from pesan.storefront.account_forms import ConfirmForm, Filled, PasswordForm, read_account_form
from pesan.storefront.choices import read_id
from pesan.storefront.devices import show_device
from pesan.storefront.pages.signing_in import form_page, limit_letters
from pesan.storefront.present import show_kept
from pesan.storefront.queries import list_own_bookings
from pesan.storefront.signed_in import get_person
from pesan.web.access import Who, allow
from pesan.web.cookies import drop_session
from pesan.web.csrf import require_csrf
from pesan.web.deps import get_actor, get_database, get_registry, ip_digest
from pesan.web.limits import limit
from pesan.web.pages import render
from pesan.web.redirects import ACCOUNT_LOGIN_PATH

ACCOUNT = "/account"
SECURITY = f"{ACCOUNT}/security"
PAGE_SIZE = 20

router = APIRouter(prefix=ACCOUNT, dependencies=[allow(Who.USER)])


@router.get("")
async def show_account(request: Request, sent: bool = False, before: str = "") -> Response:
    """Who is signed in, and their bookings, the newest first."""
    person, oldest_seen = await get_person(request), read_id(before)
    async with get_database(request).read(await get_actor(request)) as session:
        found = await list_own_bookings(session, person.user_id, before=oldest_seen, limit=PAGE_SIZE + 1)
    page = found[:PAGE_SIZE]
    context = {
        "person": person,
        "bookings": [show_kept(own) for own in page],
        "is_first": oldest_seen is None,
        "older": f"{ACCOUNT}?before={page[-1][0].id}#bookings-title" if len(found) > PAGE_SIZE else "",
        "sent": sent,
        "works_here": person.role != CUSTOMER,
    }
    return render(request, "storefront/account/home.html", context)


@router.post("/verification", dependencies=[require_csrf])
async def send_verification(request: Request) -> Response:
    """Send the link that verifies one's address again."""
    person = await get_person(request)
    await limit_letters(request, person.email)
    async with get_database(request).identity() as session:
        user = await find_user_by_email(session, person.email)
        if user is not None:
            await ask_verification(session, user)
    return RedirectResponse("/account?sent=true", 303)


@router.get("/security")
async def show_security(request: Request, done: str = "") -> Response:
    """One's password, and where one is signed in."""
    return await _security_page(request, Filled(PasswordForm), {"done": done})


@router.post("/password", dependencies=[limit("password", 10, 900), require_csrf])
async def submit_password(request: Request) -> Response:
    """Change one's own password, which ends one's other sessions."""
    person = await get_person(request)
    form = read_account_form(PasswordForm, dict(await request.form()))
    if form.valid is None:
        return await _security_page(request, form, {"done": ""}, status=422)
    try:
        await change_password(
            get_database(request), person, current=form.valid.given, new=form.valid.password
        )
    except PesanError as refusal:
        return await _security_page(request, form, {"done": ""}, refusal=refusal)
    return RedirectResponse(f"{SECURITY}?done=password", 303)


@router.post("/sessions/{id}/end", dependencies=[require_csrf])
async def end_one_session(request: Request, id: UUID) -> Response:  # noqa: A002  as in every address
    """Sign out one of one's devices; one that is somebody else's is not found."""
    person = await get_person(request)
    async with get_database(request).identity() as session:
        await end_session(session, user_id=person.user_id, session_id=id, actor=_actor(request, person))
    return RedirectResponse(f"{SECURITY}?done=session", 303)


@router.post("/sessions/end", dependencies=[require_csrf])
async def end_every_session(request: Request) -> Response:
    """Sign out everywhere, here too."""
    person = await get_person(request)
    async with get_database(request).identity() as session:
        await log_out_everywhere(session, user_id=person.user_id, actor=_actor(request, person))
    response = RedirectResponse(f"{ACCOUNT_LOGIN_PATH}?done=everywhere", 303)
    drop_session(request, response)
    return response


@router.post("/provider/leave", dependencies=[limit("password", 10, 900), require_csrf])
async def leave_joined_provider(request: Request) -> Response:
    """Take the provider off one's own account."""
    person = await get_person(request)
    form = read_account_form(ConfirmForm, dict(await request.form()))
    if form.valid is None:
        return await _provider_page(request, person, form, status=422)
    try:
        await leave_provider(
            get_database(request), get_registry(request)[Client], person, password=form.valid.given
        )
    except PesanError as refusal:
        return await _provider_page(request, person, form, refusal=refusal)
    return RedirectResponse(f"{SECURITY}?done=left", 303)


@router.get("/provider")
async def show_provider(request: Request) -> Response:
    """Whether the account is joined to the instance's provider."""
    return await _provider_page(request, await get_person(request), Filled(ConfirmForm))


async def _provider_page(
    request: Request,
    person: SignedIn,
    form: Filled[ConfirmForm],
    *,
    refusal: PesanError | None = None,
    status: int = 200,
) -> Response:
    async with get_database(request).identity() as session:
        joined = await is_joined(session, get_registry(request)[Client], person.user_id)
    page = {"person": person, "joined": joined}
    return form_page(request, "provider", form, page, refusal=refusal, status=status)


async def _security_page(
    request: Request,
    form: Filled[PasswordForm],
    context: Mapping[str, Any],
    *,
    refusal: PesanError | None = None,
    status: int = 200,
) -> Response:
    person = await get_person(request)
    async with get_database(request).identity() as session:
        devices = [show_device(found) for found in await list_sessions(session, person.user_id)]
    page = {"person": person, "devices": devices, **context}
    return form_page(request, "security", form, page, refusal=refusal, status=status)


def _actor(request: Request, person: SignedIn) -> Actor:
    return person.to_actor(ip_digest=ip_digest(request))
