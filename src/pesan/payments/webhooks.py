"""Where payment providers and merchants' own programs report: stored as it came and answered at once."""

import time
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from pesan.kit.standard_webhooks import ID, SIGNATURE, TIMESTAMP
from pesan.payments.gateways.confirmations import CONFIRM, MAX_BODY_BYTES, Confirmation
from pesan.payments.gateways.errors import (
    AccountNotFound,
    AccountSealed,
    ConfirmationRefused,
    NoticeUnreadable,
    SignatureInvalid,
)
from pesan.payments.gateways.intake import Intake, Parcel
from pesan.web.access import Who, allow
from pesan.web.deps import get_registry
from pesan.web.errors import BodyTooLarge
from pesan.web.json_bodies import require_json
from pesan.web.openapi import BODY_REFUSALS, described, json_of, refusals

PREFIX = "/v1/payments/webhook/"
CONFIRM_PATH = "/payment/confirm"
KEY = "pesan-key"
"""The header that names whose key signed."""
_REFUSALS = refusals(AccountNotFound, AccountSealed, SignatureInvalid, NoticeUnreadable, BodyTooLarge)
_SAYS = {
    KEY: "The id of the key that signed, as the back office shows it.",
    ID: "The message's own id: what comes again under it is answered 200 and does nothing.",
    TIMESTAMP: "When it was signed, in seconds since 1970; at most five minutes off.",
    SIGNATURE: "`v1,` and the base64 of the HMAC-SHA256 of `id.timestamp.body`; several, apart by spaces.",
}
_HEADERS = [
    {"name": name, "in": "header", "required": True, "description": says, "schema": {"type": "string"}}
    for name, says in _SAYS.items()
]
router = APIRouter(prefix="/v1/payments/webhook", tags=["ticketing"], dependencies=[allow(Who.PUBLIC)])
confirm = APIRouter(tags=["booths"], dependencies=[allow(Who.PUBLIC)])


@router.post("/{provider}", status_code=200, response_class=Response, responses=_REFUSALS)
async def take_notice(request: Request, provider: str) -> Response:
    """A webhook of the only account that this instance has at a provider."""
    return await _take(request, provider, None)


@router.post("/{provider}/{account_id}", status_code=200, response_class=Response, responses=_REFUSALS)
async def take_notice_of_account(request: Request, provider: str, account_id: UUID) -> Response:
    """A webhook of one merchant's account."""
    return await _take(request, provider, account_id)


@confirm.post(
    CONFIRM_PATH,
    status_code=200,
    response_class=Response,
    responses=refusals(*BODY_REFUSALS, ConfirmationRefused, AccountSealed, NoticeUnreadable),
    openapi_extra=described(*_HEADERS, body=json_of(Confirmation)),
)
async def take_confirmation(request: Request) -> Response:
    """What a merchant's own program saw of a booking's money, signed by the merchant's key (Standard Webhooks).

    Stored and answered at once; what comes of it shows in the back office, and as the booking's state.
    """
    require_json(request)
    body = await request.body()
    if len(body) > MAX_BODY_BYTES:
        raise BodyTooLarge
    headers = _once(request)
    parcel = Parcel(CONFIRM, _key_id(headers[KEY]), headers, body, time.time())
    try:
        await get_registry(request)[Intake].take(parcel)
    except (AccountNotFound, SignatureInvalid):
        raise ConfirmationRefused from None
    return Response(status_code=200)


def _once(request: Request) -> dict[str, str]:
    """The headers that prove a message; one that is missing, or there twice, proves nothing."""
    found = {name: request.headers.getlist(name) for name in _SAYS}
    if any(len(values) != 1 for values in found.values()):
        raise ConfirmationRefused
    return {name: value for name, (value,) in found.items()}


def _key_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ConfirmationRefused from None


async def _take(request: Request, provider: str, account_id: UUID | None) -> Response:
    if provider == CONFIRM:
        raise AccountNotFound  # it has a path of its own
    headers = {name.lower(): value for name, value in request.headers.items()}
    parcel = Parcel(provider, account_id, headers, await request.body(), time.time())
    await get_registry(request)[Intake].take(parcel)
    return Response(status_code=200)
