"""How a merchant's booths work, for its super admins."""

from dataclasses import asdict
from uuid import UUID

from fastapi import APIRouter

from pesan.booths.api.desks import DeskOf
from pesan.booths.api.outlets import SIGNED_IN
from pesan.booths.api.schemas import ConfigPart
from pesan.booths.policies import may_configure
from pesan.booths.queries.configs import Config, get_config
from pesan.booths.service import set_config
from pesan.errors import Forbidden
from pesan.web.access import Who, allow
from pesan.web.errors import FactorNeeded, SignInNeeded, ValidationFailed
from pesan.web.json_bodies import read_json
from pesan.web.openapi import BODY_REFUSALS, described, json_of, refusals

router = APIRouter(prefix="/config", tags=["booths"], dependencies=[allow(Who.ORGANIZER)])
_REFUSALS = (SignInNeeded, FactorNeeded, Forbidden, ValidationFailed)


@router.get("/system", responses=refusals(*_REFUSALS), openapi_extra=described(security=SIGNED_IN))
async def get_system(desk: DeskOf, merchant_id: UUID | None = None) -> ConfigPart:
    """How long a session takes, and how late its customer may come."""
    chosen = desk.merchant(merchant_id, may_configure)
    async with desk.reading() as session:
        return ConfigPart(**asdict(await get_config(session, chosen)))


@router.put(
    "/system",
    responses=refusals(*BODY_REFUSALS, *_REFUSALS),
    openapi_extra=described(body=json_of(ConfigPart), security=SIGNED_IN),
)
async def put_system(desk: DeskOf, merchant_id: UUID | None = None) -> ConfigPart:
    """Change both, at once; what is booked keeps its length, and its customer the time to come."""
    wish = await read_json(desk.request, ConfigPart)
    chosen = desk.merchant(merchant_id, may_configure)
    async with desk.writing() as session:
        told = await set_config(session, chosen, config=Config(**wish.model_dump()), actor=desk.actor)
    desk.hint(told)
    return wish
