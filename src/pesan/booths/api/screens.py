"""The screens at booths, as the outlet's staff name them."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from pesan.booths.api.desks import DeskOf
from pesan.booths.api.outlets import NOT_YOURS, SIGNED_IN
from pesan.booths.api.schemas import ScreenChange, ScreenPart
from pesan.booths.screens.errors import ScreenNotFound
from pesan.booths.screens.queries import get_device
from pesan.booths.screens.service import rename_device
from pesan.identity.policies import may_review
from pesan.web.access import Who, allow
from pesan.web.errors import ValidationFailed
from pesan.web.json_bodies import read_json
from pesan.web.openapi import BODY_REFUSALS, KEY, KEY_REFUSALS, described, json_of, refusals

router = APIRouter(
    prefix="/outlets/{outlet_id}/booths/{booth_id}/screens", tags=["booths"], dependencies=[allow(Who.STAFF)]
)


@router.patch(
    "/{device_id}",
    response_model=ScreenPart,
    responses=refusals(*BODY_REFUSALS, *KEY_REFUSALS, *NOT_YOURS, ValidationFailed, ScreenNotFound),
    openapi_extra=described(KEY, body=json_of(ScreenChange), security=SIGNED_IN),
)
async def patch_screen(desk: DeskOf, outlet_id: UUID, booth_id: UUID, device_id: UUID) -> Response:
    """Call a screen something else; it says so itself at its next contact."""
    wish = await read_json(desk.request, ScreenChange)
    async with desk.writing() as session:
        await desk.outlet(session, outlet_id, may_review)

        async def make() -> ScreenPart:
            device = await get_device(session, outlet_id, booth_id, device_id)
            await rename_device(session, device.id, event_id=outlet_id, name=wish.name, actor=desk.actor)
            return ScreenPart(
                id=device.id, booth_id=booth_id, name=wish.name, last_seen_at=device.last_seen_at
            )

        return await desk.once(session, make)
