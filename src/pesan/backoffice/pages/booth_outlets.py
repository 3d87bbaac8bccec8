"""Outlets: opened, changed, given hours and booths, archived and brought back; by super admins of the booth desk."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, WorkRoom, go
from pesan.backoffice.forms.booths import BoothForm, OutletForm, typed_outlet
from pesan.backoffice.forms.hours import DayFields, read_hours, shown_hours
from pesan.backoffice.forms.state import FormState, read_form
from pesan.backoffice.pages.booth_room import (
    SECTION,
    booths_path,
    own_outlet,
    reading_outlet,
    show_outlet,
)
from pesan.backoffice.views.booth_outlets import OutletPage, booth_line
from pesan.backoffice.views.booth_words import WEEKDAYS
from pesan.booths.desk import BoothDesk
from pesan.booths.models.outlets import DEFAULT_RESCHEDULE_MINUTES
from pesan.booths.policies import may_run_booths
from pesan.booths.queries.outlets import list_booths, list_hours
from pesan.booths.service import (
    add_booth,
    archive_outlet,
    change_outlet,
    close_booth,
    create_outlet,
    rename_booth,
    reopen_booth,
    restore_outlet,
    set_hours,
)
from pesan.errors import PesanError
from pesan.kit.times import ZONES
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

router = APIRouter(prefix="/backoffice/booths/{merchant}/outlets", dependencies=[allow(Who.ORGANIZER)])
Done = Annotated[
    str, Query(pattern="^(created|saved|hours|added|renamed|closed|reopened|archived|restored)?$")
]
Write = Callable[[WorkRoom], Awaitable[Any]]


@router.get("/new")
async def show_new_outlet(desk: DeskOf, merchant: str) -> Response:
    """An empty form."""
    return await _new_page(desk, merchant, FormState({"reschedule_minutes": DEFAULT_RESCHEDULE_MINUTES}))


@router.post("", dependencies=[require_csrf])
async def submit_new_outlet(desk: DeskOf, merchant: str) -> Response:
    """Make an outlet; it gets its hours and booths on its own page."""
    typed = dict(await desk.request.form())
    form = read_form(OutletForm, typed)
    if form.valid is None:
        return await _new_page(desk, merchant, form.state, status=422)
    async with desk.writing(merchant, may_run_booths) as work:
        draft, merchant_id = form.valid.to_draft(), work.shop.id
        outlet = await create_outlet(work.session, merchant_id=merchant_id, draft=draft, actor=desk.actor)
    return go(f"/backoffice/booths/{merchant}/outlets/{outlet.event_id}/edit?done=created")


@router.get("/{outlet_id}/edit")
async def show_outlet_form(desk: DeskOf, merchant: str, outlet_id: UUID, done: Done = "") -> Response:
    """The outlet's data, hours and booths."""
    return await _page(desk, merchant, outlet_id, done=done)


@router.post("/{outlet_id}/edit", dependencies=[require_csrf])
async def submit_outlet(desk: DeskOf, merchant: str, outlet_id: UUID) -> Response:
    """Say something else of the outlet; what is booked stays."""
    form = read_form(OutletForm, dict(await desk.request.form()))
    if form.valid is None:
        return await _page(desk, merchant, outlet_id, form=form.state, status=422)
    draft = form.valid.to_draft()
    return await _write(
        desk,
        merchant,
        outlet_id,
        lambda work: change_outlet(work.session, outlet_id, draft=draft, actor=desk.actor),
        done="saved",
    )


@router.post("/{outlet_id}/hours", dependencies=[require_csrf])
async def submit_hours(desk: DeskOf, merchant: str, outlet_id: UUID) -> Response:
    """Open the outlet in other hours from now on."""
    hours, days = read_hours(dict(await desk.request.form()))
    if hours is None:
        return await _page(desk, merchant, outlet_id, hours=days, status=422)
    return await _write(
        desk,
        merchant,
        outlet_id,
        lambda work: set_hours(work.session, outlet_id, hours=hours, actor=desk.actor),
        done="hours",
    )


@router.post("/{outlet_id}/archive", dependencies=[require_csrf])
async def submit_archive(desk: DeskOf, merchant: str, outlet_id: UUID) -> Response:
    """Take the outlet off every list, or bring it back."""
    is_archived = (await desk.request.form()).get("is_archived") != "false"
    act = archive_outlet if is_archived else restore_outlet
    return await _write(
        desk,
        merchant,
        outlet_id,
        lambda work: act(work.session, outlet_id, actor=desk.actor),
        done="archived" if is_archived else "restored",
        at="archive",
    )


@router.post("/{outlet_id}/booths", dependencies=[require_csrf])
async def submit_booth(desk: DeskOf, merchant: str, outlet_id: UUID) -> Response:
    """Add a booth, which can be booked at once."""
    form = read_form(BoothForm, dict(await desk.request.form()))
    if form.valid is None:
        return await _page(desk, merchant, outlet_id, booth_form=form.state, status=422)
    name = form.valid.name
    return await _write(
        desk,
        merchant,
        outlet_id,
        lambda work: add_booth(work.session, outlet_id, name=name, actor=desk.actor),
        done="added",
        at="booths",
    )


@router.post("/{outlet_id}/booths/{booth_id}", dependencies=[require_csrf])
async def submit_booth_name(desk: DeskOf, merchant: str, outlet_id: UUID, booth_id: UUID) -> Response:
    """Call a booth something else."""
    form = read_form(BoothForm, dict(await desk.request.form()))
    if form.valid is None:
        mend = next(iter(form.state.errors.values()))
        return await _page(desk, merchant, outlet_id, problem=desk.text(mend), at="booths", status=422)
    name = form.valid.name
    return await _write(
        desk,
        merchant,
        outlet_id,
        lambda work: rename_booth(work.session, outlet_id, booth_id, name=name, actor=desk.actor),
        done="renamed",
        at="booths",
    )


@router.post("/{outlet_id}/booths/{booth_id}/closed", dependencies=[require_csrf])
async def submit_booth_closed(desk: DeskOf, merchant: str, outlet_id: UUID, booth_id: UUID) -> Response:
    """Take no more bookings for a booth, or take them again."""
    is_closed = (await desk.request.form()).get("is_closed") == "true"
    act = close_booth if is_closed else reopen_booth
    return await _write(
        desk,
        merchant,
        outlet_id,
        lambda work: act(work.session, outlet_id, booth_id, actor=desk.actor),
        done="closed" if is_closed else "reopened",
        at="booths",
    )


async def _write(
    desk: Desk, merchant: str, outlet_id: UUID, write: Write, *, done: str, at: str = ""
) -> Response:
    """Change the outlet, tell whoever looks at it, and say what was done or why not."""
    try:
        async with desk.writing(merchant, may_run_booths) as work:
            await own_outlet(desk, work.session, work.shop, outlet_id)
            await write(work)
    except PesanError as refusal:
        if refusal.status not in {409, 422}:
            raise
        problem = refusal.text(desk.locale)
        return await _page(desk, merchant, outlet_id, problem=problem, at=at, status=refusal.status)
    desk.registry[BoothDesk].hint([outlet_id])
    return go(f"/backoffice/booths/{merchant}/outlets/{outlet_id}/edit?done={done}")


async def _new_page(desk: Desk, merchant: str, form: FormState, *, status: int = 200) -> Response:
    async with desk.reading(SECTION, merchant, may_run_booths) as room:
        zone = form.values.get("zone") or room.shop.zone
        context = {
            "page": OutletPage(FormState({"is_open": True, **form.values, "zone": zone}, form.errors)),
            "path": booths_path(room.shop),
            "schema": OutletForm,
            "zones": ZONES,
        }
        return desk.page(room.chrome, "booth_outlet_new", context, status=status)


async def _page(
    desk: Desk,
    merchant: str,
    outlet_id: UUID,
    *,
    form: FormState | None = None,
    hours: list[DayFields] | None = None,
    booth_form: FormState | None = None,
    done: str = "",
    problem: str = "",
    at: str = "",
    status: int = 200,
) -> Response:
    async with reading_outlet(desk, merchant, outlet_id, may_run_booths) as room:
        booths = await list_booths(room.session, outlet_id)
        page = OutletPage(
            form=form or FormState(typed_outlet(room.view)),
            hours=hours or shown_hours(await list_hours(room.session, outlet_id)),
            booths=[booth_line(booth, room.frame) for booth in booths],
            booth_form=booth_form or FormState(),
            done=done,
            problem=problem,
            problem_at=at,
        )
        context = {"page": page, "schema": OutletForm, "booth_schema": BoothForm, "zones": ZONES}
        return show_outlet(desk, room, "booth_outlet", {**context, "weekdays": WEEKDAYS}, status=status)
