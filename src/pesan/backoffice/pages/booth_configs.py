"""How long a session takes and how late its customer may come, at all outlets of a merchant."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go
from pesan.backoffice.forms.booths import ConfigForm
from pesan.backoffice.forms.state import FormState, read_form
from pesan.backoffice.pages.booth_room import SECTION, booths_path
from pesan.backoffice.queries.booth_configs import list_config_changes
from pesan.booths.desk import BoothDesk
from pesan.booths.policies import may_configure
from pesan.booths.queries.configs import Config, get_config
from pesan.booths.service import set_config
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

router = APIRouter(prefix="/backoffice/booths/{merchant}/config", dependencies=[allow(Who.ORGANIZER)])
Done = Annotated[str, Query(pattern="^(saved)?$")]


@router.get("")
async def show_config(desk: DeskOf, merchant: str, done: Done = "") -> Response:
    """The times, what changing them does, and who changed them when."""
    return await _page(desk, merchant, done=done)


@router.post("", dependencies=[require_csrf])
async def submit_config(desk: DeskOf, merchant: str) -> Response:
    """Decide anew, from now on; what is booked keeps its times."""
    form = read_form(ConfigForm, dict(await desk.request.form()))
    if form.valid is None:
        return await _page(desk, merchant, form=form.state, status=422)
    async with desk.writing(merchant, may_configure) as work:
        config = Config(**form.valid.model_dump())
        outlets = await set_config(work.session, work.shop.id, config=config, actor=desk.actor)
    desk.registry[BoothDesk].hint(outlets)
    return go(f"/backoffice/booths/{merchant}/config?done=saved")


async def _page(
    desk: Desk, merchant: str, *, form: FormState | None = None, done: str = "", status: int = 200
) -> Response:
    async with desk.reading(SECTION, merchant, may_configure) as room:
        config = await get_config(room.session, room.shop.id)
        context = {
            "path": booths_path(room.shop),
            "form": form or FormState(asdict(config)),
            "schema": ConfigForm,
            "changes": await list_config_changes(room.session, room.shop.id),
            "done": done,
        }
        return desk.page(room.chrome, "booth_config", context, status=status)
