"""Files on their way in: counted and hashed as they arrive, kept in a temporary file."""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO

from pesan.storage.errors import UploadEmpty, UploadNameRefused, UploadTooLarge

MEGABYTE = 1024 * 1024
MAX_BYTES = 10 * MEGABYTE
MAX_NAME = 255

_EXTENSIONS = frozenset({"jpg", "jpeg", "jfif", "png", "webp", "pdf", "heic", "heif"})
# Names that some server or desktop would run; they hide before or after an innocent ending.
_DANGEROUS = re.compile(
    r"\.(?:php\d?|phtml|phar|exe|com|scr|bat|cmd|ps1|msi|js|mjs|vbs|hta|jar|apk|sh|py|pl|cgi|asp|aspx|jsp"
    r"|html?|xhtml|svgz?|xml|swf|lnk|dll)(?=\.|$)",
    re.IGNORECASE,
)
_ENDING = re.compile(r"[^.]\.([A-Za-z][A-Za-z0-9]*)[\s.]*$")
_HIDING = re.compile(r"[\x00-\x1f\x7f/\\\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Received:
    """One uploaded file as it came; `path` lives as long as the block that received it."""

    path: Path
    size: int
    sha256: bytes


@asynccontextmanager
async def receive(
    stream: AsyncIterator[bytes], *, filename: str | None = None, cap: int = MAX_BYTES
) -> AsyncIterator[Received]:
    """The file in `stream`, kept on disk while the block runs; no more than `cap` bytes are ever read.

    Raises UploadTooLarge, UploadEmpty, UploadNameRefused.
    """
    check_name(filename)
    with tempfile.NamedTemporaryFile(prefix="pesan-upload-") as file:
        size, digest = await _copy(stream, file, cap)
        yield Received(Path(file.name), size, digest)


def check_name(filename: str | None) -> None:
    """Refuse a name that hides what a file is; the name is never used for anything else.

    Dates hold dots (`WhatsApp Image 2026-11-21 at 10.20.30.jpeg`), so a second extension counts only when
    something would run it. Raises UploadNameRefused.
    """
    if not filename:
        return
    too_long = len(filename.encode(errors="replace")) > MAX_NAME
    ending = _ENDING.search(filename)
    odd_ending = ending is not None and ending[1].lower() not in _EXTENSIONS
    if too_long or odd_ending or _HIDING.search(filename) or _DANGEROUS.search(filename):
        raise UploadNameRefused


async def _copy(stream: AsyncIterator[bytes], file: IO[bytes], cap: int) -> tuple[int, bytes]:
    digest = sha256()
    size = 0
    async for chunk in stream:
        size += len(chunk)
        if size > cap:
            raise UploadTooLarge(megabytes=cap // MEGABYTE)
        digest.update(chunk)
        await asyncio.to_thread(file.write, chunk)
    if not size:
        raise UploadEmpty
    await asyncio.to_thread(file.flush)
    return size, digest.digest()
