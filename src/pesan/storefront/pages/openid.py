"""Signing in with the instance's provider: there, and back again."""

import time
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from pesan.errors import PesanError
from pesan.identity.openid.client import CALLBACK, TRIP_LIFE, Trip, Trips
from pesan.identity.openid.errors import ProviderRefused
from pesan.identity.openid.provider import Provider
from pesan.identity.openid.service import log_in_with_provider
from pesan.storefront.account_forms import Filled, LogInForm
from pesan.storefront.pages.signing_in import HOME, form_page
from pesan.storefront.signed_in import device_of, sign_in
from pesan.web.access import Who, allow
from pesan.web.cookies import TRIP, drop_guarded, read_guarded, write_guarded
from pesan.web.deps import get_database, get_locale, get_registry
from pesan.web.limits import limit
from pesan.web.redirects import safe_next

router = APIRouter(prefix="/account/openid", dependencies=[allow(Who.PUBLIC), limit("provider", 60, 900)])


@router.get("")
async def leave(request: Request, next_path: Annotated[str, Query(alias="next")] = HOME) -> Response:
    """Send the person to the provider. A link and no form: a page's policy lets forms post to this site only."""
    registry = get_registry(request)
    trip = Trip.start(safe_next(next_path, HOME), time.time())
    try:
        response = RedirectResponse(await registry[Provider].address_of(trip), 303)
    except PesanError as refusal:
        return _refused(request, refusal, trip.target)
    sealed = registry[Trips].seal(trip)
    write_guarded(request, response, TRIP, sealed, max_age=int(TRIP_LIFE.total_seconds()))
    return response


@router.get(CALLBACK.removeprefix("/account/openid"))
async def come_back(
    request: Request, state: str = "", code: str = "", iss: str = "", error: str = ""
) -> Response:
    """Open a session for whoever comes back with what this browser left with; the trip is over either way."""
    registry = get_registry(request)
    provider = registry[Provider]
    trip = registry[Trips].find(read_guarded(request, TRIP), time.time())
    try:
        client = provider.client
        # `iss` is the provider's own word on whose answer this is (RFC 9207), where it gives one.
        if trip is None or state != trip.state or error or not code or iss not in {"", client.issuer}:
            raise ProviderRefused(provider=client.name)
        claims = await provider.claims_of(trip, code)
        opened = await log_in_with_provider(
            get_database(request), client, claims, locale=get_locale(request), **device_of(request)._asdict()
        )
    except PesanError as refusal:
        response = _refused(request, refusal, trip.target if trip else HOME)
    else:
        response = await sign_in(request, opened, trip.target)
    drop_guarded(request, response, TRIP)
    return response


def _refused(request: Request, refusal: PesanError, target: str) -> Response:
    return form_page(request, "login", Filled(LogInForm), {"next": target, "done": ""}, refusal=refusal)
