"""Where the link of an invitation to a merchant's team leads."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from pesan.errors import PesanError
from pesan.identity.policies import SignedIn
from pesan.identity.team.links import INVITATION_PATH, InvitationLinks
from pesan.identity.team.queries import Invited
from pesan.identity.team.service import accept, accept_newly, read_invitation
from pesan.storefront.account_forms import AddressForm, Filled, JoinForm, read_account_form
from pesan.storefront.pages.signing_in import form_page
from pesan.web.access import Who, allow
from pesan.web.cookies import drop_session
from pesan.web.csrf import require_csrf
from pesan.web.deps import find_person, get_database, get_locale, get_registry, ip_digest
from pesan.web.limits import limit
from pesan.web.redirects import LOGIN_PATH
from pesan.web.requests import text_of

router = APIRouter(prefix=INVITATION_PATH, dependencies=[allow(Who.PUBLIC)])


@router.get("", dependencies=[limit("links", 60, 900)])
async def show_invitation(request: Request, token: str = "") -> Response:
    """What is offered, and how to take it up; nothing happens before a button is pressed."""
    try:
        invited = await _read(request, token)
    except PesanError as refusal:
        return _over(request, refusal)
    return await _page(request, invited, token, Filled(JoinForm))


@router.post("", dependencies=[limit("links", 20, 900), require_csrf])
async def submit_invitation(request: Request) -> Response:
    """Join the team: with the account that is signed in, or with a new one; then sign in with the new role."""
    typed = await request.form()
    token = text_of(typed, "token")
    try:
        invited = await _read(request, token)
    except PesanError as refusal:
        return _over(request, refusal)
    person = await find_person(request)
    form = read_account_form(JoinForm, dict(typed))
    if person is None and form.valid is None:
        return await _page(request, invited, token, form, status=422)
    try:
        if person is not None:
            actor = person.to_actor(ip_digest=ip_digest(request))
            await accept(get_database(request), invited, actor=actor)
        elif form.valid is not None:
            await accept_newly(
                get_database(request),
                invited,
                name=form.valid.name,
                password=form.valid.password,
                locale=get_locale(request),
                ip_digest=ip_digest(request),
            )
    except PesanError as refusal:
        return await _page(request, invited, token, form, refusal=refusal)
    response = RedirectResponse(LOGIN_PATH, 303)
    drop_session(request, response)
    return response


async def _read(request: Request, token: str) -> Invited:
    return await read_invitation(get_database(request), get_registry(request)[InvitationLinks], token)


async def _page(
    request: Request,
    invited: Invited,
    token: str,
    form: Filled[JoinForm],
    *,
    refusal: PesanError | None = None,
    status: int = 200,
) -> Response:
    person = await find_person(request)
    page: Mapping[str, Any] = {
        "token": token,
        "merchant": invited.merchant_name,
        "email": invited.invitation.email,
        "is_organizer": invited.invitation.role == "organizer",
        "is_limited": invited.invitation.event_ids is not None,
        "person": person if isinstance(person, SignedIn) else None,
        "is_over": False,
    }
    return form_page(request, "invitation", form, page, refusal=refusal, status=status)


def _over(request: Request, refusal: PesanError) -> Response:
    return form_page(request, "invitation", Filled(AddressForm), {"is_over": True}, refusal=refusal)
