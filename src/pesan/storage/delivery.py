"""Files on their way to a browser: the type is ours, and nothing in them runs."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from pesan.storage import keys
from pesan.storage.base import Storage
from pesan.storage.errors import ObjectMissing
from pesan.storage.links import Links

MIMES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "pdf": "application/pdf"}
_INERT = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """An answer for whichever web framework serves it."""

    headers: Mapping[str, str]
    body: AsyncIterator[bytes]


async def deliver_private(storage: Storage, links: Links, token: str) -> Delivery:
    """The file behind a signed link, as an attachment that no cache keeps.

    Raises LinkRefused, ObjectMissing.
    """
    file = links.read(token)
    mime = file.mime if file.mime in MIMES.values() else "application/octet-stream"
    headers = {
        "Content-Type": mime,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.filename, safe='')}",
        "Cache-Control": "private, no-store",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return await _deliver(storage, file.key, headers)


async def deliver_public(storage: Storage, key: str) -> Delivery:
    """A cover or a logo, for any browser and cache: its key names its content, which never changes.

    Raises ObjectMissing, also for the key of anything that is not public.
    """
    if keys.kind_of(key) not in keys.PUBLIC:
        raise ObjectMissing
    headers = {
        "Content-Type": MIMES[key.rpartition(".")[2]],
        "Content-Disposition": "inline",
        "Cache-Control": "public, max-age=31536000, immutable",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return await _deliver(storage, key, headers)


async def _deliver(storage: Storage, key: str, headers: dict[str, str]) -> Delivery:
    content = await storage.open(key)
    return Delivery({**headers, **_INERT, "Content-Length": str(content.size)}, content.chunks)
