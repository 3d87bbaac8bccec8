"""The record of processing: derived from what runs, completed by the organizer, taken out as a paper."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter
from sqlalchemy import func, select
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, Room, go
from pesan.backoffice.forms.processors import ProcessorForm
from pesan.backoffice.forms.state import FormState, read_form
from pesan.backoffice.locks import lock_merchant
from pesan.identity.policies import may_manage
from pesan.privacy.models import ProcessorNote
from pesan.privacy.papers import MIME, to_pdf
from pesan.privacy.processors import Processor, list_processors
from pesan.privacy.register import (
    ACTIVITIES,
    Controller,
    compose_register,
    kept_for,
    list_notes,
    say_data,
    set_notes,
)
from pesan.settings import Settings
from pesan.tenancy.models import Merchant
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

router = APIRouter(prefix="/organizer/{merchant}/privacy/register", dependencies=[allow(Who.ORGANIZER)])


@router.get("")
async def show_register(desk: DeskOf, merchant: str, saved: bool = False) -> Response:
    """Why data is kept and for how long, and who else handles it."""
    return await _page(desk, merchant, saved=saved)


@router.post("", dependencies=[require_csrf])
async def submit_register(desk: DeskOf, merchant: str) -> Response:
    """Keep what was typed about each processor that is configured now; what was said of others is forgotten."""
    typed = dict(await desk.request.form())
    async with desk.writing(merchant, may_manage) as work:
        found = await list_processors(work.session, desk.registry[Settings], work.shop.id)
        form, forms = _read(found, typed)
        if not form.errors:
            notes = [
                ProcessorNote(
                    merchant_id=work.shop.id, processor=each.key, title=each.title, **said.model_dump()
                )
                for each, said in forms
            ]
            row = await lock_merchant(work.session, work.shop.id)
            await set_notes(work.session, row, notes, actor=desk.actor)
    if form.errors:
        return await _page(desk, merchant, form=form)
    return go(f"/organizer/{merchant}/privacy/register?saved=true")


@router.get("/paper")
async def get_register(desk: DeskOf, merchant: str) -> Response:
    """The record as a PDF in both languages; it names no buyer."""
    async with desk.reading("brand", merchant, may_manage) as room:
        row = await room.session.get_one(Merchant, room.shop.id)
        settings = desk.registry[Settings]
        found = await list_processors(room.session, settings, row.id)
        notes = await list_notes(room.session, row.id)
        now = (await room.session.scalars(select(func.clock_timestamp()))).one()
    body = await to_pdf(compose_register(Controller.of(row), settings, found, notes, now=now))
    headers = {"Content-Disposition": f'attachment; filename="catatan-pemrosesan-{merchant}.pdf"'}
    return Response(body, media_type=MIME, headers=headers)


def _read(
    processors: Sequence[Processor], typed: Mapping[str, Any]
) -> tuple[FormState, list[tuple[Processor, ProcessorForm]]]:
    """Each processor's fields carry its key: `country:mail`."""
    state, forms = FormState(typed), []
    for each in processors:
        fields = ProcessorForm.model_fields
        own = {name: typed[at] for name in fields if (at := f"{name}:{each.key}") in typed}
        form = read_form(ProcessorForm, own)
        state.errors |= {f"{name}:{each.key}": mend for name, mend in form.state.errors.items()}
        if form.valid:
            forms.append((each, form.valid))
    return state, forms


async def _page(desk: Desk, merchant: str, *, form: FormState | None = None, saved: bool = False) -> Response:
    async with desk.reading("brand", merchant, may_manage) as room:
        settings = desk.registry[Settings]
        context = {
            "rows": [(each, say_data(each), kept_for(each, settings)) for each in ACTIVITIES],
            "processors": await list_processors(room.session, settings, room.shop.id),
            "form": form or await _stored(room),
            "schema": ProcessorForm,
            "saved": saved,
        }
        return desk.page(room.chrome, "register", context, status=422 if form else 200)


async def _stored(room: Room) -> FormState:
    notes = await list_notes(room.session, room.shop.id)
    return FormState(
        {
            f"{name}:{key}": getattr(note, name)
            for key, note in notes.items()
            for name in ProcessorForm.model_fields
        }
    )
