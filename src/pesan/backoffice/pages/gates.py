"""An event's gates: where people come in, which devices stand there, and how it is decided who may."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from markupsafe import Markup
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, WorkRoom, go
from pesan.backoffice.forms.gates import GateForm, RulesForm, typed_rules
from pesan.backoffice.forms.state import FormState, read_form
from pesan.backoffice.locks import lock_event
from pesan.backoffice.queries.events import OwnEvent, get_event
from pesan.backoffice.views.gate_devices import device_row
from pesan.backoffice.views.gates import (
    REENTRY,
    STATIC_CODES,
    GatePage,
    GatesPage,
    OwnDevice,
    PairingCode,
    gate_card,
)
from pesan.errors import InvalidInput, PesanError
from pesan.gates.models import GateDevice
from pesan.gates.policies import may_run_gates
from pesan.gates.queries import GateRow, find_rules, get_gate, get_rules, list_devices, list_gates
from pesan.gates.service.gates import close_gate, make_gate, rename_gate, reopen_gate, set_rules
from pesan.gates.service.pairing import make_pairing
from pesan.gates.tenure import find_working
from pesan.gates.topics import topic_of
from pesan.identity.devices.pairing import Pairing
from pesan.kit.times import format_clock
from pesan.realtime import Hub
from pesan.settings import Settings
from pesan.tickets.render.pictures import qr_svg
from pesan.web.access import Who, allow
from pesan.web.context import context_of
from pesan.web.csrf import require_csrf
from pesan.web.limits import limit

router = APIRouter(
    prefix="/organizer/{merchant}/events/{short_id}/gates", dependencies=[allow(Who.ORGANIZER)]
)
Done = Annotated[str, Query(pattern="^(added|saved|closed|opened|rules|revoked)?$")]
_SECTION = "events"


@router.get("")
async def show_gates(desk: DeskOf, merchant: str, short_id: str, done: Done = "") -> Response:
    """The event's gates and devices, and the forms that add and change."""
    return await _list(desk, merchant, short_id, done=done)


@router.post("", dependencies=[require_csrf])
async def submit_gate(desk: DeskOf, merchant: str, short_id: str) -> Response:
    """Add a gate."""
    form = read_form(GateForm, dict(await desk.request.form()))
    if form.valid is None:
        return await _list(desk, merchant, short_id, gate=form.state, status=422)
    try:
        async with desk.writing(merchant, may_run_gates) as work:
            event = (await get_event(work.session, work.shop.id, short_id)).event
            await make_gate(work.session, event=event, actor=desk.actor, **form.valid.model_dump())
    except PesanError as refusal:
        return await _list(desk, merchant, short_id, gate=form.state, refusal=refusal, problem_kind="gate")
    return tell_gates(desk, event.id, merchant, short_id, "added")


@router.post("/rules", dependencies=[require_csrf])
async def submit_rules(desk: DeskOf, merchant: str, short_id: str) -> Response:
    """Say when the gates let in, whether people may come back, and what of codes that do not turn."""
    typed = dict(await desk.request.form())
    async with desk.reading(_SECTION, merchant, may_run_gates) as room:
        form = read_form(RulesForm, typed, zone=room.shop.zone)
    if form.valid is None:
        return await _list(desk, merchant, short_id, rules=form.state, status=422)
    try:
        async with desk.writing(merchant, may_run_gates) as work:
            event = await lock_event(work.session, work.shop.id, short_id)
            await set_rules(work.session, event=event, draft=form.valid.to_draft(), actor=desk.actor)
    except InvalidInput as refusal:
        state = FormState(form.state.values, {refusal.field: refusal.field_message})
        return await _list(desk, merchant, short_id, rules=state, status=refusal.status)
    return tell_gates(desk, event.id, merchant, short_id, "rules")


@router.get("/{gate_id}")
async def show_gate(desk: DeskOf, merchant: str, short_id: str, gate_id: UUID, done: Done = "") -> Response:
    """One gate, with the form that names it and the button that pairs a device."""
    return await _one(desk, merchant, short_id, gate_id, done=done)


@router.post("/{gate_id}", dependencies=[require_csrf])
async def change_gate(desk: DeskOf, merchant: str, short_id: str, gate_id: UUID) -> Response:
    """Call a gate something else."""
    form = read_form(GateForm, dict(await desk.request.form()))
    if form.valid is None:
        return await _one(desk, merchant, short_id, gate_id, form=form.state, status=422)
    wanted = form.valid.model_dump()
    try:
        async with desk.writing(merchant, may_run_gates) as work:
            event_id = await event_id_of(work, short_id)
            await rename_gate(work.session, gate_id, event_id=event_id, actor=desk.actor, **wanted)
    except PesanError as refusal:
        return await _one(desk, merchant, short_id, gate_id, form=form.state, refusal=refusal)
    return tell_gates(desk, event_id, merchant, short_id, "saved")


@router.post("/{gate_id}/active", dependencies=[require_csrf])
async def submit_active(desk: DeskOf, merchant: str, short_id: str, gate_id: UUID) -> Response:
    """Close a gate, whose devices then do nothing more, or open it again."""
    is_active = (await desk.request.form()).get("is_active") == "true"
    act = reopen_gate if is_active else close_gate
    async with desk.writing(merchant, may_run_gates) as work:
        event_id = await event_id_of(work, short_id)
        await act(work.session, gate_id, event_id=event_id, actor=desk.actor)
    return tell_gates(desk, event_id, merchant, short_id, "opened" if is_active else "closed")


@router.post("/{gate_id}/pairing", dependencies=[limit("pairing-codes", 120, 3600), require_csrf])
async def submit_pairing(desk: DeskOf, merchant: str, short_id: str, gate_id: UUID) -> Response:
    """Make a code for one device; it is on this answer and nowhere else."""
    try:
        async with desk.writing(merchant, may_run_gates) as work:
            event_id = await event_id_of(work, short_id)
            secret = desk.registry[Settings].secret
            made = await make_pairing(work.session, secret, gate_id, event_id=event_id, actor=desk.actor)
    except PesanError as refusal:
        return await _one(desk, merchant, short_id, gate_id, refusal=refusal)
    return await _one(desk, merchant, short_id, gate_id, pairing=made)


async def event_id_of(work: WorkRoom, short_id: str) -> UUID:
    """The id of an event of the merchant; raises EventNotFound."""
    return (await get_event(work.session, work.shop.id, short_id)).event.id


def tell_gates(desk: Desk, event_id: UUID, merchant: str, short_id: str, done: str) -> Response:
    """Back to the event's gates with what was `done`, of which its devices and boards hear."""
    desk.registry[Hub].hint(topic_of(event_id))
    return go(f"/organizer/{merchant}/events/{short_id}/gates?done={done}")


async def _list(
    desk: Desk,
    merchant: str,
    short_id: str,
    *,
    gate: FormState | None = None,
    rules: FormState | None = None,
    refusal: PesanError | None = None,
    problem_kind: str = "",
    done: str = "",
    status: int = 200,
) -> Response:
    async with desk.reading(_SECTION, merchant, may_run_gates) as room:
        session, own = room.session, await get_event(room.session, room.shop.id, short_id)
        event_id = own.event.id
        gates, devices = await list_gates(session, event_id), await list_devices(session, event_id)
        in_force, chosen = await get_rules(session, event_id), await find_rules(session, event_id)
    event_path = f"{room.shop.path}/events/{short_id}"
    path = f"{event_path}/gates"
    page = GatesPage(
        event_title=own.event.title,
        event_path=event_path,
        path=path,
        gates=[gate_card(row, path) for row in gates],
        devices=await _own_devices(desk, own, devices, path),
        rules=in_force,
        gate_form=gate or FormState(),
        rules_form=rules or FormState(typed_rules(chosen, room.shop.zone)),
        done=done,
        problem=refusal.text(desk.locale) if refusal else "",
        problem_kind=problem_kind,
    )
    context = {"page": page, "gate_schema": GateForm, "rules_schema": RulesForm}
    context |= {"zone_name": room.shop.zone, "reentry": REENTRY, "static_codes": STATIC_CODES}
    return desk.page(room.chrome, "gates", context, status=refusal.status if refusal else status)


async def _own_devices(
    desk: Desk, own: OwnEvent, devices: Sequence[tuple[GateDevice, str]], path: str
) -> list[OwnDevice]:
    """The devices as the page shows them; those of people who left the team say so."""
    event = own.event
    working = await find_working(
        desk.database,
        {device.registered_by for device, _ in devices},
        merchant_id=event.merchant_id,
        event_id=event.id,
    )
    return [
        OwnDevice(
            device_row(device, gate, own.now, desk.locale, is_orphaned=device.registered_by not in working),
            f"{path}/devices/{device.id}" if device.revoked_at is None else "",
        )
        for device, gate in devices
    ]


async def _one(
    desk: Desk,
    merchant: str,
    short_id: str,
    gate_id: UUID,
    *,
    form: FormState | None = None,
    pairing: Pairing | None = None,
    refusal: PesanError | None = None,
    done: str = "",
    status: int = 200,
) -> Response:
    async with desk.reading(_SECTION, merchant, may_run_gates) as room:
        own = await get_event(room.session, room.shop.id, short_id)
        gate = await get_gate(room.session, own.event.id, gate_id)
        path = f"{room.shop.path}/events/{short_id}/gates"
        page = GatePage(
            event_title=own.event.title,
            gates_path=path,
            gate=gate_card(GateRow(gate, 0), path),
            form=form or FormState({"name": gate.name, "location": gate.location}),
            pairing=_shown(desk, pairing, room.shop.zone) if pairing else None,
            done=done,
            problem=refusal.text(desk.locale) if refusal else "",
        )
        context = {"page": page, "schema": GateForm}
        answer = desk.page(room.chrome, "gate", context, status=refusal.status if refusal else status)
    if pairing:
        answer.headers["cache-control"] = "no-store"
    return answer


def _shown(desk: Desk, pairing: Pairing, zone: str) -> PairingCode:
    context = context_of(desk.request)
    # Without a base URL, as while developing, it is where the organizer's own browser found us.
    address = f"{desk.registry[Settings].base_url or f'{context.scheme}://{context.host}'}/gate"
    # Drawn here: our own address and a code of ours.
    picture = Markup(qr_svg(f"{address}?pair={pairing.code}", title="QR"))  # noqa: S704
    until = format_clock(pairing.expires_at, zone, desk.locale)
    return PairingCode(pairing.shown, address, picture, until)
