"""Where WhatsApp reports: stored as it came and answered at once, whatever is inside (jastipin.md §5 and §6)."""

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from pesan.chats.errors import ChallengeRefused, UpdateUnsigned
from pesan.chats.intake import ChatIntake
from pesan.checkout.schemas import Face
from pesan.messaging.whatsapp.signature import HEADER, verify_challenge
from pesan.settings import Settings
from pesan.web.access import Who, allow
from pesan.web.deps import get_registry
from pesan.web.errors import BodyTooLarge
from pesan.web.limits import limit
from pesan.web.openapi import described, refusals

PATH = "/api/webhooks/whatsapp"
router = APIRouter(tags=["jastip"], dependencies=[allow(Who.PUBLIC)])
_SIGNATURE = {
    "name": HEADER,
    "in": "header",
    "required": True,
    "description": "`sha256=` and the hex HMAC-SHA256 of the body's bytes, by the app's secret.",
    "schema": {"type": "string"},
}


class Taken(Face):
    """That it was stored."""

    message: str = "OK"


@router.get(
    PATH,
    response_class=PlainTextResponse,
    dependencies=[limit("challenge", 30, 60)],
    responses=refusals(ChallengeRefused),
)
async def verify_webhook(request: Request) -> PlainTextResponse:
    """Meta asks whether this address is ours; the answer is its challenge and nothing else."""
    token = get_registry(request)[Settings].wa_verify_token.get_secret_value()
    challenge = verify_challenge(request.query_params, token)
    if challenge is None:
        raise ChallengeRefused
    return PlainTextResponse(challenge)


@router.post(
    PATH,
    response_model=Taken,
    responses=refusals(UpdateUnsigned, BodyTooLarge),
    openapi_extra=described(_SIGNATURE),
)
async def take_webhook(request: Request) -> Response:
    """What people wrote, and what became of what we wrote; several numbers' in one body, and any of it again."""
    signatures = request.headers.getlist(HEADER)
    await get_registry(request)[ChatIntake].take(
        await request.body(), signatures[0] if len(signatures) == 1 else None
    )
    return Response(_TAKEN, media_type="application/json")


_TAKEN = b'{"message":"OK"}'
