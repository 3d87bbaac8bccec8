"""What a ticket is worth, and the keys that say so."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from pesan.storefront.schemas import JwksAnswer, QrAnswer, QrQuestion
from pesan.tickets.keystore import KeyStore
from pesan.tickets.queries import list_public_keys
from pesan.tickets.slices import Slices
from pesan.tickets.verify import verify
from pesan.web.access import Who, allow
from pesan.web.deps import get_actor, get_database, get_locale, get_registry, guest_actor
from pesan.web.errors import ValidationFailed
from pesan.web.limits import limit
from pesan.web.openapi import BODY_REFUSALS, refusals

TOLD_TO_STAFF = ("code", "number", "holder_name", "used_at")
# A key leaves only after its last ticket, so a gate may keep the set; a ticket by a newer key makes it ask again.
KEYS_CACHE = "public, max-age=300"

public = APIRouter(prefix="/api", tags=["booking"], dependencies=[allow(Who.PUBLIC)])
well_known = APIRouter(tags=["ticketing"], dependencies=[allow(Who.PUBLIC)])


@public.post(
    "/verify/qr",
    dependencies=[limit("verify", 60, 60)],
    responses=refusals(*BODY_REFUSALS, ValidationFailed),
)
async def verify_qr(request: Request, question: QrQuestion) -> QrAnswer:
    """What a ticket is worth: valid, invalid, void, used or for another event. Reads, never consumes."""
    verdict = await verify(
        get_database(request),
        get_registry(request)[KeyStore],
        question.payload,
        slices=get_registry(request)[Slices],
        actor=await get_actor(request),
        event_id=question.event_id,
    )
    answer = QrAnswer(
        result=verdict.result,
        reason=verdict.reason,
        message=verdict.text(get_locale(request)),
        is_live=verdict.is_live,
    )
    if verdict.details is None:
        return answer
    return answer.model_copy(update={name: getattr(verdict.details, name) for name in TOLD_TO_STAFF})


@well_known.get("/.well-known/jwks.json", responses=refusals())
async def get_jwks(request: Request, response: Response) -> JwksAnswer:
    """The public keys that tickets verify with (RFC 7517)."""
    response.headers["Cache-Control"] = KEYS_CACHE
    async with get_database(request).read(guest_actor(request)) as session:
        keys: dict[str, Any] = await list_public_keys(session)
    return JwksAnswer(**keys)
