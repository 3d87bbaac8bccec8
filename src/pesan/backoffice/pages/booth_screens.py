"""The screens at a booth: joined by a code that is shown here once, and taken back."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from markupsafe import Markup
from sqlalchemy import func, select
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go
from pesan.backoffice.forms.booths import ScreenForm
from pesan.backoffice.forms.state import read_form
from pesan.backoffice.pages.booth_room import booths_path, own_outlet, reading_outlet, show_outlet
from pesan.backoffice.views.booth_screens import ScreensPage, screen_row
from pesan.backoffice.views.chrome import Shop
from pesan.backoffice.views.gates import PairingCode
from pesan.booths.models import Booth
from pesan.booths.queries.outlets import get_booth
from pesan.booths.screens.queries import get_device, list_devices
from pesan.booths.screens.service import make_pairing, rename_device, revoke_device
from pesan.booths.topics import topic_of
from pesan.identity.devices.pairing import Pairing
from pesan.kit.times import format_clock
from pesan.realtime import Hub
from pesan.settings import Settings
from pesan.tickets.render.pictures import qr_svg
from pesan.web.access import Who, allow
from pesan.web.context import context_of
from pesan.web.csrf import require_csrf
from pesan.web.limits import limit

_BOOTH = "/booths/{booth_id}/screens"
router = APIRouter(
    prefix="/backoffice/booths/{merchant}/outlets/{outlet_id}", dependencies=[allow(Who.STAFF)]
)
Done = Annotated[str, Query(pattern="^(revoked|renamed)?$")]


@router.get(_BOOTH)
async def show_screens(
    desk: DeskOf, merchant: str, outlet_id: UUID, booth_id: UUID, done: Done = ""
) -> Response:
    """The booth's screens, and the button that pairs one."""
    return await _page(desk, merchant, outlet_id, booth_id, done=done)


@router.post(_BOOTH, dependencies=[limit("booth-pairing-codes", 120, 3600), require_csrf])
async def submit_pairing(desk: DeskOf, merchant: str, outlet_id: UUID, booth_id: UUID) -> Response:
    """Make a code for one screen; it is on this answer and nowhere else."""
    async with desk.writing(merchant) as work:
        await own_outlet(desk, work.session, work.shop, outlet_id)
        secret = desk.registry[Settings].secret
        made = await make_pairing(work.session, secret, booth_id, event_id=outlet_id, actor=desk.actor)
    return await _page(desk, merchant, outlet_id, booth_id, pairing=made)


@router.post(_BOOTH + "/{device_id}", dependencies=[require_csrf])
async def submit_name(
    desk: DeskOf, merchant: str, outlet_id: UUID, booth_id: UUID, device_id: UUID
) -> Response:
    """Call a screen something else."""
    form = read_form(ScreenForm, dict(await desk.request.form()))
    if form.valid is None:
        mend = next(iter(form.state.errors.values()))
        return await _page(desk, merchant, outlet_id, booth_id, problem=desk.text(mend))
    async with desk.writing(merchant) as work:
        await own_outlet(desk, work.session, work.shop, outlet_id)
        device = await get_device(work.session, outlet_id, booth_id, device_id)
        name = form.valid.name
        await rename_device(work.session, device.id, event_id=outlet_id, name=name, actor=desk.actor)
        path = _path(work.shop, outlet_id, booth_id)
    return go(f"{path}?done=renamed")


@router.post(_BOOTH + "/{device_id}/revoke", dependencies=[require_csrf])
async def submit_revocation(
    desk: DeskOf, merchant: str, outlet_id: UUID, booth_id: UUID, device_id: UUID
) -> Response:
    """Let a screen do nothing more: at once where it is connected, at its next contact where it is not."""
    async with desk.writing(merchant) as work:
        await own_outlet(desk, work.session, work.shop, outlet_id)
        device = await get_device(work.session, outlet_id, booth_id, device_id)
        await revoke_device(work.session, device.id, event_id=outlet_id, actor=desk.actor)
        path = _path(work.shop, outlet_id, booth_id)
    desk.registry[Hub].hint(topic_of(outlet_id))
    return go(f"{path}?done=revoked")


async def _page(
    desk: Desk,
    merchant: str,
    outlet_id: UUID,
    booth_id: UUID,
    *,
    pairing: Pairing | None = None,
    done: str = "",
    problem: str = "",
) -> Response:
    async with reading_outlet(desk, merchant, outlet_id) as room:
        booth = await get_booth(room.session, outlet_id, booth_id)
        devices = await list_devices(room.session, outlet_id, booth_id)
        now = (await room.session.scalars(select(func.clock_timestamp()))).one()
    path = _path(room.room.shop, outlet_id, booth_id)
    page = ScreensPage(
        booth=booth.name,
        path=path,
        screens=[screen_row(device, now, desk.locale, path) for device in devices],
        pairing=_shown(desk, pairing, booth, room.frame.zone) if pairing else None,
        done=done,
        problem=problem,
    )
    answer = show_outlet(desk, room, "booth_screens", {"page": page}, status=422 if problem else 200)
    if pairing:
        answer.headers["cache-control"] = "no-store"
    return answer


def _path(shop: Shop, outlet_id: UUID, booth_id: UUID) -> str:
    return f"{booths_path(shop)}/outlets/{outlet_id}/booths/{booth_id}/screens"


def _shown(desk: Desk, pairing: Pairing, booth: Booth, zone: str) -> PairingCode:
    context = context_of(desk.request)
    # Without a base URL, as while developing, it is where the staff's own browser found us.
    site = desk.registry[Settings].base_url or f"{context.scheme}://{context.host}"
    address = f"{site}/booth/{booth.id}"
    # Drawn here: our own address and a code of ours.
    picture = Markup(qr_svg(f"{address}?pair={pairing.code}", title="QR"))  # noqa: S704
    return PairingCode(pairing.shown, address, picture, format_clock(pairing.expires_at, zone, desk.locale))
