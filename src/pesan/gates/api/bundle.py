"""What a device takes along to scan without a network."""

import asyncio
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from pesan.gates.api.auth import AS_DEVICE, DEVICE, IN_OFFICE, NOT_LIVE, DeviceOf, limit_device
from pesan.gates.bundles import Bundles
from pesan.gates.errors import DeviceOver
from pesan.gates.queries import require_live
from pesan.gates.roster import bundle_head, bundle_tag, read_ring, read_roster, slices_of
from pesan.tickets.slices import Slices
from pesan.web.deps import get_database, get_registry
from pesan.web.openapi import described, refusals

router = APIRouter(prefix="/v1/gates", tags=["gates"], dependencies=[DEVICE])

_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Event, rules, public keys, ticket types and every ticket as a row without contacts. Where"
        " tickets stand may be told as of `seq`: what changed after that number is for `changes`.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
    304: {"description": "The bundle of `If-None-Match` is the newest, whoever came in meanwhile."},
}
_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of the bundle that the device has.",
    "schema": {"type": "string"},
}


@router.get(
    "/bundle",
    response_class=Response,
    dependencies=[limit_device("gate-bundle", 60, 600), IN_OFFICE],
    responses={**refusals(*NOT_LIVE, DeviceOver), **_ANSWERS},
    openapi_extra=described(_IF_NONE_MATCH, security=AS_DEVICE),
)
async def get_bundle(request: Request, device: DeviceOf) -> Response:
    """Everything that the device needs to scan without a network."""
    database, registry = get_database(request), get_registry(request)
    ring = await read_ring(database, device.merchant_id)
    async with database.gate(device.event_id) as session:
        post = await require_live(session, device)
        roster = await read_roster(session, device.event_id, ring)
    if (tag := bundle_tag(roster, post)) in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=_headers(tag))
    packed = await registry[Bundles].get(roster)
    roster = replace(roster, tickets=packed.tickets, seq=packed.seq)
    slices = slices_of(registry[Slices].seconds, registry[Slices].event_key(device.event_id))
    head, in_gzip = bundle_head(roster, post, slices), "gzip" in request.headers.get("accept-encoding", "")
    body = await asyncio.to_thread(packed.after, head, in_gzip=in_gzip)
    headers = _headers(bundle_tag(roster, post)) | ({"content-encoding": "gzip"} if in_gzip else {})
    return Response(body, media_type="application/json", headers=headers)


def _headers(tag: str) -> dict[str, str]:
    return {"etag": tag, "cache-control": "private, no-cache", "vary": "Accept-Encoding"}
