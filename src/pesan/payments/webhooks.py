"""Where payment providers report: stored as it came and answered at once, whatever is inside."""

import time
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from pesan.payments.gateways.errors import (
    AccountNotFound,
    AccountSealed,
    NoticeUnreadable,
    SignatureInvalid,
)
from pesan.payments.gateways.intake import Intake, Parcel
from pesan.web.access import Who, allow
from pesan.web.deps import get_registry
from pesan.web.errors import BodyTooLarge
from pesan.web.openapi import refusals

PREFIX = "/v1/payments/webhook/"
_REFUSALS = refusals(AccountNotFound, AccountSealed, SignatureInvalid, NoticeUnreadable, BodyTooLarge)
router = APIRouter(prefix="/v1/payments/webhook", tags=["ticketing"], dependencies=[allow(Who.PUBLIC)])


@router.post("/{provider}", status_code=200, response_class=Response, responses=_REFUSALS)
async def take_notice(request: Request, provider: str) -> Response:
    """A webhook of the only account that this instance has at a provider."""
    return await _take(request, provider, None)


@router.post("/{provider}/{account_id}", status_code=200, response_class=Response, responses=_REFUSALS)
async def take_notice_of_account(request: Request, provider: str, account_id: UUID) -> Response:
    """A webhook of one merchant's account."""
    return await _take(request, provider, account_id)


async def _take(request: Request, provider: str, account_id: UUID | None) -> Response:
    headers = {name.lower(): value for name, value in request.headers.items()}
    parcel = Parcel(provider, account_id, headers, await request.body(), time.time())
    await get_registry(request)[Intake].take(parcel)
    return Response(status_code=200)
