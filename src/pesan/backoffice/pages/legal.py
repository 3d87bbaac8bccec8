"""Terms, refund policy and privacy notice: read, previewed, published."""

from dataclasses import replace

from fastapi import APIRouter
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go
from pesan.backoffice.forms.legal import LegalForm
from pesan.backoffice.forms.state import FormState, Submitted, read_form
from pesan.backoffice.locks import lock_merchant
from pesan.backoffice.views.legal import LegalEditor
from pesan.identity.policies import may_manage
from pesan.tenancy.errors import LegalVersionNotFound
from pesan.tenancy.legal.paragraphs import to_blocks
from pesan.tenancy.legal.queries import list_current, list_versions
from pesan.tenancy.legal.service import publish
from pesan.tenancy.legal.states import TITLES, LegalKind
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

router = APIRouter(prefix="/organizer/{merchant}/legal", dependencies=[allow(Who.ORGANIZER)])


@router.get("")
async def show_legal_pages(desk: DeskOf, merchant: str) -> Response:
    """The three pages, and since when each says what it says."""
    async with desk.reading("brand", merchant, may_manage) as room:
        current = await list_current(room.session, room.shop.id)
        return desk.page(room.chrome, "legal", {"current": current, "titles": TITLES})


@router.get("/{kind}")
async def show_legal_editor(desk: DeskOf, merchant: str, kind: str, saved: bool = False) -> Response:
    """The text in force, to be changed."""
    return await _editor(desk, merchant, _kind(kind), saved=saved)


@router.post("/{kind}/preview", dependencies=[require_csrf])
async def preview_legal_page(desk: DeskOf, merchant: str, kind: str) -> Response:
    """What was typed as a page; nothing is kept."""
    return await _editor(desk, merchant, _kind(kind), await _read(desk))


@router.post("/{kind}", dependencies=[require_csrf])
async def publish_legal_page(desk: DeskOf, merchant: str, kind: str) -> Response:
    """A new version, in force from now on."""
    form = await _read(desk)
    if form.valid is None:
        return await _editor(desk, merchant, _kind(kind), form)
    async with desk.writing(merchant, may_manage) as work:
        row = await lock_merchant(work.session, work.shop.id)
        await publish(
            work.session,
            row,
            kind=_kind(kind),
            body_id=form.valid.body_id,
            body_en=form.valid.body_en,
            actor=desk.actor,
        )
    return go(f"/organizer/{merchant}/legal/{kind}?saved=true")


async def _read(desk: Desk) -> Submitted[LegalForm]:
    return read_form(LegalForm, dict(await desk.request.form()))


async def _editor(
    desk: Desk,
    merchant: str,
    kind: LegalKind,
    form: Submitted[LegalForm] | None = None,
    *,
    saved: bool = False,
) -> Response:
    async with desk.reading("brand", merchant, may_manage) as room:
        versions = await list_versions(room.session, room.shop.id, kind)
        stored = FormState({"body_id": versions[0].body_id, "body_en": versions[0].body_en})
        editor = LegalEditor(kind.value, form.state if form else stored, versions)
        if form and form.valid:
            preview = {"id": to_blocks(form.valid.body_id), "en": to_blocks(form.valid.body_en)}
            editor = replace(editor, preview=preview)
        context = {"page": editor, "title": TITLES[kind], "schema": LegalForm, "saved": saved}
        return desk.page(room.chrome, "legal_editor", context, status=422 if form and not form.valid else 200)


def _kind(kind: str) -> LegalKind:
    if kind not in TITLES:
        raise LegalVersionNotFound
    return LegalKind(kind)
