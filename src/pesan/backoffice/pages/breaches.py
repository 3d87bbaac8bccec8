"""When data came out: whom it touched, and the notice that the law wants within 3 × 24 hours."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import func, select
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, Room
from pesan.backoffice.forms.breach import BreachForm, ScopeForm
from pesan.backoffice.forms.state import FormState, read_form
from pesan.backoffice.locks import lock_merchant
from pesan.backoffice.pages.exporting import Export, send_export
from pesan.backoffice.queries.events import get_event, list_event_choices
from pesan.backoffice.views.breaches import breach_cells
from pesan.backoffice.words import BREACH_EXPORT_HEADER
from pesan.identity.policies import may_export
from pesan.kit.export import Cell, ExportFormat
from pesan.privacy.breach_paper import compose_breach
from pesan.privacy.breaches import Affected, Breach, Scope, find_affected, record_report, stream_people
from pesan.privacy.holdings import WORDS
from pesan.privacy.papers import MIME, Paper, to_pdf
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf
from pesan.web.limits import limit

router = APIRouter(prefix="/organizer/{merchant}/privacy/breach", dependencies=[allow(Who.ORGANIZER)])
_TAKES_OUT = [limit("export", 30, 3600), require_csrf]


@router.get("")
async def show_breach(desk: DeskOf, merchant: str) -> Response:
    """What to say of a breach, with everything that is kept ticked."""
    return await _page(desk, merchant, FormState({"classes": list(WORDS)}))


@router.post("", dependencies=_TAKES_OUT)
async def make_report(desk: DeskOf, merchant: str) -> Response:
    """The notice as a PDF in both languages, noted in the merchant's history."""
    async with desk.reading("bookings", merchant, may_export) as room:
        form = read_form(BreachForm, await _typed(desk), zone=room.shop.zone)
        made = await _compose(room, form.valid) if form.valid else None
    if made is None:
        return await _page(desk, merchant, form.state, status=422)
    breach, affected, paper = made
    body = await to_pdf(paper)
    async with desk.writing(merchant, may_export) as work:
        row = await lock_merchant(work.session, work.shop.id)
        await record_report(work.session, row, breach, affected.by_event, actor=desk.actor)
    name = f"kegagalan-pelindungan-{merchant}-{datetime.now(UTC):%Y%m%d-%H%M}.pdf"
    return Response(body, media_type=MIME, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@router.post("/people", dependencies=_TAKES_OUT)
async def export_people(
    desk: DeskOf, merchant: str, kind: Annotated[ExportFormat, Query(alias="format")]
) -> Response:
    """Everybody it touched as a list with masked contacts."""
    async with desk.reading("bookings", merchant, may_export) as room:
        typed = await _typed(desk)
        form = read_form(ScopeForm, typed, zone=room.shop.zone)
        scope = await _scope(room, form.valid) if form.valid else None
    if scope is None:
        return await _page(desk, merchant, form.state, status=422)

    async def portions(room: Room) -> AsyncIterator[Sequence[Sequence[Cell]]]:
        async for portion in stream_people(room.session, scope):
            yield [breach_cells(found, room.shop.zone) for found in portion]

    filters = [name for name in ("event", "from_at", "until_at") if typed.get(name)]
    export = Export(
        "terdampak",
        BREACH_EXPORT_HEADER,
        portions,
        "merchant:breach:exported",
        filters,
        about={"contacts": "masked"},
    )
    return await send_export(desk, merchant, kind, export)


async def _compose(room: Room, typed: BreachForm) -> tuple[Breach, Affected, Paper]:
    scope, kinds = await _scope(room, typed), tuple(typed.classes)
    breach = Breach(typed.discovered_at, typed.what, typed.handling, typed.contact, kinds, scope)
    affected = await find_affected(room.session, scope, kinds)
    now = (await room.session.scalars(select(func.clock_timestamp()))).one()
    paper = compose_breach(breach, affected, author=room.shop.name, zone=room.shop.zone, now=now)
    return breach, affected, paper


async def _typed(desk: Desk) -> Mapping[str, Any]:
    form = await desk.request.form()
    return {**dict(form), "classes": form.getlist("classes")}


async def _scope(room: Room, typed: ScopeForm) -> Scope:
    """Raises EventNotFound for an event of somebody else's."""
    event_id = None
    if typed.event:
        event_id = (await get_event(room.session, room.shop.id, typed.event, or_outlet=True)).event.id
    return Scope((room.shop.id,), event_id, typed.from_at, typed.until_at)


async def _page(desk: Desk, merchant: str, form: FormState, *, status: int = 200) -> Response:
    async with desk.reading("bookings", merchant, may_export) as room:
        affected = await find_affected(room.session, Scope((room.shop.id,)))
        context = {
            "form": form,
            "schema": BreachForm,
            "events": await list_event_choices(room.session, room.shop.id),
            "classes": WORDS,
            "affected": affected,
        }
        return desk.page(room.chrome, "breach", context, status=status)
