"""Files: public pictures by their key, private ones by a signed link."""

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from pesan.storage import Storage
from pesan.storage.delivery import Delivery, deliver_private, deliver_public
from pesan.storage.links import Links
from pesan.web.access import Who, allow
from pesan.web.deps import get_registry

router = APIRouter(include_in_schema=False, dependencies=[allow(Who.PUBLIC)])


@router.get("/media/{key:path}")
async def get_picture(request: Request, key: str) -> StreamingResponse:
    """A cover or a logo, cached for ever: its key names its content."""
    return _response(await deliver_public(get_registry(request)[Storage], key))


@router.get("/files/{token}")
async def get_file(request: Request, token: str) -> StreamingResponse:
    """A private file; the link is the authority, for ten minutes at most."""
    registry = get_registry(request)
    return _response(await deliver_private(registry[Storage], registry[Links], token))


def _response(delivery: Delivery) -> StreamingResponse:
    return StreamingResponse(delivery.body, headers=dict(delivery.headers))
