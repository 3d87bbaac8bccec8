"""Answers that any cache may keep."""

from collections.abc import Awaitable, Callable

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

from pesan.checkout.callers import told
from pesan.jastip.queries.profiles import Version
from pesan.jastip.shelf import Shelf
from pesan.web.context import context_of
from pesan.web.deps import get_registry
from pesan.web.idempotency import MEDIA_TYPE


async def answer_public(
    request: Request, version: Version, make: Callable[[], Awaitable[BaseModel]], *, seconds: int
) -> Response:
    """The answer of this version, for any cache to keep for `seconds`; 304 to whoever has it."""
    tag = f'"{version.digest}"'
    headers = {"Cache-Control": f"public, max-age={seconds}", "ETag": tag}
    known = context_of(request).text_header(b"if-none-match")
    if tag in (each.strip().removeprefix("W/") for each in known.split(",")):
        return Response(status_code=304, headers=headers)

    async def write() -> bytes:
        return told(await make())

    body = await get_registry(request)[Shelf].take(version, write)
    return Response(body, headers=headers, media_type=MEDIA_TYPE)
