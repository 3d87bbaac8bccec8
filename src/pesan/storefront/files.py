"""Public pictures by their key; private files leave by the desk alone."""

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from pesan.storage import Storage
from pesan.storage.delivery import deliver_public
from pesan.web.access import Who, allow
from pesan.web.deps import get_registry

router = APIRouter(include_in_schema=False, dependencies=[allow(Who.PUBLIC)])


@router.get("/media/{key:path}")
async def get_picture(request: Request, key: str) -> StreamingResponse:
    """A cover or a logo, cached for ever: its key names its content."""
    delivery = await deliver_public(get_registry(request)[Storage], key)
    return StreamingResponse(delivery.body, headers=dict(delivery.headers))
