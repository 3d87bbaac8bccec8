"""One device at an event's gates: called something else, moved to another gate, taken back."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf
from pesan.backoffice.forms.gates import DeviceForm
from pesan.backoffice.forms.state import FormState, read_form
from pesan.backoffice.pages.gates import event_id_of, tell_gates
from pesan.backoffice.queries.events import get_event
from pesan.backoffice.views.gates import DevicePage
from pesan.errors import PesanError
from pesan.gates.policies import may_run_gates
from pesan.gates.queries import get_device, list_gates
from pesan.gates.service.devices import DeviceDraft, change_device, revoke_device
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

router = APIRouter(
    prefix="/organizer/{merchant}/events/{short_id}/gates/devices", dependencies=[allow(Who.ORGANIZER)]
)


@router.get("/{device_id}")
async def show_device(desk: DeskOf, merchant: str, short_id: str, device_id: UUID) -> Response:
    """A device that may work, with the form that names and moves it."""
    return await _page(desk, merchant, short_id, device_id)


@router.post("/{device_id}", dependencies=[require_csrf])
async def submit_device(desk: DeskOf, merchant: str, short_id: str, device_id: UUID) -> Response:
    """Call it something else, or let it stand at another gate."""
    form = read_form(DeviceForm, dict(await desk.request.form()))
    if form.valid is None:
        return await _page(desk, merchant, short_id, device_id, form=form.state, status=422)
    draft = DeviceDraft(form.valid.name, form.valid.gate_id)
    try:
        async with desk.writing(merchant, may_run_gates) as work:
            event_id = await event_id_of(work, short_id)
            await change_device(work.session, device_id, event_id=event_id, draft=draft, actor=desk.actor)
    except PesanError as refusal:
        return await _page(desk, merchant, short_id, device_id, form=form.state, refusal=refusal)
    return tell_gates(desk, event_id, merchant, short_id, "saved")


@router.post("/{device_id}/revoke", dependencies=[require_csrf])
async def submit_revocation(desk: DeskOf, merchant: str, short_id: str, device_id: UUID) -> Response:
    """Let a device do nothing more: at once where it is connected, at its next contact where it is not."""
    async with desk.writing(merchant, may_run_gates) as work:
        event_id = await event_id_of(work, short_id)
        await revoke_device(work.session, device_id, event_id=event_id, actor=desk.actor)
    return tell_gates(desk, event_id, merchant, short_id, "revoked")


async def _page(
    desk: Desk,
    merchant: str,
    short_id: str,
    device_id: UUID,
    *,
    form: FormState | None = None,
    refusal: PesanError | None = None,
    status: int = 200,
) -> Response:
    async with desk.reading("events", merchant, may_run_gates) as room:
        event = (await get_event(room.session, room.shop.id, short_id)).event
        device = await get_device(room.session, event.id, device_id)
        gates = [row.gate for row in await list_gates(room.session, event.id)]
    path = f"{room.shop.path}/events/{short_id}/gates"
    page = DevicePage(
        event_title=event.title,
        gates_path=path,
        name=device.name,
        path=f"{path}/devices/{device.id}",
        # A closed one takes no device, but the one that stands there is not moved by naming it.
        gates=[
            (str(gate.id), gate.name) for gate in gates if gate.closed_at is None or gate.id == device.gate_id
        ],
        form=form or FormState({"name": device.name, "gate_id": device.gate_id}),
        problem=refusal.text(desk.locale) if refusal else "",
    )
    context = {"page": page, "schema": DeviceForm}
    return desk.page(room.chrome, "gate_device", context, status=refusal.status if refusal else status)
