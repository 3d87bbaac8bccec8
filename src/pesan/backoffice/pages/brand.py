"""A merchant's face."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go
from pesan.backoffice.forms.brand import BrandForm, accent_contrast
from pesan.backoffice.forms.state import FormState, read_form
from pesan.backoffice.service import require_second_factor, update_brand
from pesan.backoffice.views.events import BrandPage
from pesan.identity.policies import may_manage
from pesan.kit.times import ZONES
from pesan.tenancy.queries import get_merchant
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf
from pesan.web.redirects import FACTORS_PATH

router = APIRouter(prefix="/organizer/{merchant}/brand", dependencies=[allow(Who.ORGANIZER)])
_FIELDS = ("name", "accent", "zone", "contact_email", "contact_wa")


@router.get("")
async def show_brand(desk: DeskOf, merchant: str, saved: bool = False) -> Response:
    """The form of the brand."""
    return await _page(desk, merchant, saved=saved)


@router.post("", dependencies=[require_csrf])
async def submit_brand(desk: DeskOf, merchant: str) -> Response:
    """Change name, accent, zone and contacts; an accent that cannot be read is refused."""
    form = read_form(BrandForm, dict(await desk.request.form()))
    if form.valid is None:
        return await _page(desk, merchant, form=form.state, status=422)
    async with desk.writing(merchant, may_manage) as work:
        await update_brand(work.session, work.shop.id, form=form.valid, actor=desk.actor)
    return go(f"/organizer/{merchant}/brand?saved=true")


@router.post("/second-factor", dependencies=[require_csrf])
async def submit_second_factor(desk: DeskOf, merchant: str) -> Response:
    """Ask the whole team for a second factor, or stop asking; whoever does either has passed one."""
    is_needed = (await desk.request.form()).get("needed") == "yes"
    if not desk.person.is_strong:
        return go(FACTORS_PATH)
    async with desk.writing(merchant, may_manage) as work:
        await require_second_factor(work.session, work.shop.id, is_needed=is_needed, actor=desk.actor)
    return go(f"/organizer/{merchant}/brand?saved=true")


async def _page(
    desk: Desk, merchant: str, *, form: FormState | None = None, saved: bool = False, status: int = 200
) -> Response:
    async with desk.reading("brand", merchant, may_manage) as room:
        row = await get_merchant(room.session, room.shop.id)
        stored: dict[str, Any] = {name: getattr(row, name) for name in _FIELDS}
        ratio = round(accent_contrast(row.accent), 1)
        page = BrandPage(form or FormState(stored), ZONES, room.shop.logo_url, ratio, saved=saved)
        context = {"page": page, "schema": BrandForm, "needs_second_factor": row.needs_second_factor}
        return desk.page(room.chrome, "brand", context, status=status)
