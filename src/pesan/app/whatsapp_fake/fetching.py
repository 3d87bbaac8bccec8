"""Downloads what a message names by its address, as the real service does before it sends."""

from typing import Any

import httpx

from pesan.app.whatsapp_fake.errors import GraphError
from pesan.app.whatsapp_fake.media import UPLOAD_SECONDS, Media
from pesan.app.whatsapp_fake.rules.media import KINDS, MEDIA_ERROR
from pesan.app.whatsapp_fake.terms import Number


async def fetch_link(
    http: httpx.AsyncClient, store: Media, number: Number, media: dict[str, Any]
) -> int | None:
    """Keep the file and note its id in `media`; the code of what went wrong, if something did."""
    try:
        mime, content = await _download(http, media["link"], KINDS[media["kind"]][0])
        media["id"] = store.add(number.id, mime, content, seconds=UPLOAD_SECONDS).id
    except (httpx.HTTPError, httpx.InvalidURL, GraphError):
        return MEDIA_ERROR
    return None


async def _download(http: httpx.AsyncClient, link: str, most: int) -> tuple[str, bytes]:
    """A file that grows beyond `most` bytes is refused before it is whole."""
    content = b""
    async with http.stream("GET", link, follow_redirects=True) as answer:
        answer.raise_for_status()
        async for chunk in answer.aiter_bytes():
            content += chunk
            if len(content) > most:
                raise GraphError(MEDIA_ERROR)
    return answer.headers.get("content-type", ""), content
