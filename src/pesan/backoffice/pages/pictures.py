"""Pictures: proofs on their way to the reviewer, covers and logos on their way in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.responses import Response, StreamingResponse

from pesan.backoffice.desk import Desk, DeskOf, go, open_form
from pesan.backoffice.locks import lock_event
from pesan.backoffice.service import set_logo
from pesan.catalog.service import set_cover
from pesan.identity.policies import may_manage, may_manage_events
from pesan.storage import Storage
from pesan.storage.delivery import deliver_private
from pesan.storage.errors import UploadEmpty
from pesan.storage.inspection import CleanFile, Inspector
from pesan.storage.keys import Kind
from pesan.storage.links import Links
from pesan.storage.stored import stored
from pesan.storage.uploads import receive
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

router = APIRouter()
_CHUNK = 64 * 1024


@router.get("/backoffice/proofs/{token}", dependencies=[allow(Who.STAFF)])
async def get_proof(desk: DeskOf, token: str) -> Response:
    """The file behind a signed link, as an attachment; the link alone is not enough, nor is the session."""
    delivery = await deliver_private(desk.registry[Storage], desk.registry[Links], token)
    return StreamingResponse(delivery.body, headers=dict(delivery.headers))


@router.post(
    "/organizer/{merchant}/events/{short_id}/cover", dependencies=[allow(Who.ORGANIZER), require_csrf]
)
async def submit_cover(desk: DeskOf, merchant: str, short_id: str) -> Response:
    """Give an event a picture."""
    async with (
        _uploaded(desk, merchant, Kind.COVER) as key,
        desk.writing(merchant, may_manage_events) as work,
    ):
        event = await lock_event(work.session, work.shop.id, short_id)
        await set_cover(work.session, event=event, object_key=key, actor=desk.actor)
    return go(f"/organizer/{merchant}/events/{short_id}?saved=true")


@router.post("/organizer/{merchant}/brand/logo", dependencies=[allow(Who.ORGANIZER), require_csrf])
async def submit_logo(desk: DeskOf, merchant: str) -> Response:
    """Give a merchant a logo."""
    async with _uploaded(desk, merchant, Kind.LOGO) as key, desk.writing(merchant, may_manage) as work:
        await set_logo(work.session, work.shop.id, object_key=key, actor=desk.actor)
    return go(f"/organizer/{merchant}/brand?saved=true")


async def inspect(desk: Desk, file: UploadFile | str | None, kind: Kind) -> CleanFile:
    """The harmless form of a picture that a form brought; raises UploadEmpty and the other kinds of UploadRefused."""
    if not isinstance(file, UploadFile):
        raise UploadEmpty
    async with receive(_chunks(file), filename=file.filename) as received:
        return await desk.registry[Inspector].inspect(received.path, kind)


@asynccontextmanager
async def _uploaded(desk: Desk, merchant: str, kind: Kind) -> AsyncIterator[str]:
    """The key of the uploaded picture, inspected and stored; it is removed again when the block fails."""
    async with desk.reading("", merchant, may_manage_events):
        pass  # refuse strangers before their file is looked at
    async with open_form(desk.request) as form:
        clean = await inspect(desk, form.get("file"), kind)
    async with stored(desk.registry[Storage], kind, clean) as key:
        yield key


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(_CHUNK):
        yield chunk
