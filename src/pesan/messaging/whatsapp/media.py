"""What somebody sent us, fetched from Meta's stores: from nowhere else, not too large, and what was announced."""

import asyncio
import re
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import IO, Any, Self

import httpx

from pesan.messaging.whatsapp.failures import FailureKind, failure_of

# Where Meta keeps files; the token goes to these and to the Graph host, and nowhere else (protocols §6.7).
_HOSTS = (".fbsbx.com", ".fbcdn.net", ".whatsapp.net")
_IN_MEMORY = 1_048_576
_CHUNK = 65_536
_GONE = frozenset({404, 410})
_HEX = re.compile(r"[0-9a-fA-F]{64}")
_MEDIA_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")


class MediaFailure(StrEnum):
    """Why there is no file."""

    GONE = "gone"  # it is not there any more: the person has to send it again
    TOO_LARGE = "too_large"
    REFUSED = "refused"  # an address that must not be called
    BROKEN = "broken"  # other bytes than were announced; another try may bring the right ones
    LATER = "later"  # Meta does not answer now
    STOPPED = "stopped"  # our own access is at fault


class MediaFailed(Exception):
    """A file that could not be fetched."""

    def __init__(self, reason: MediaFailure) -> None:
        super().__init__(str(reason))
        self.reason = reason

    @property
    def is_worth_repeating(self) -> bool:
        """Whether the same may work later."""
        return self.reason in {MediaFailure.BROKEN, MediaFailure.LATER, MediaFailure.STOPPED}


class Redirected(httpx.HTTPError):
    """Another address than the one that the token was for."""


async def refuse_redirect(response: httpx.Response) -> None:
    """A hook for every answer: the token follows nobody."""
    if response.is_redirect:
        raise Redirected("redirected")


@dataclass(frozen=True, slots=True)
class Media:
    """A file at its start, on disk when it is large; leaving the block lets go of it. `sha256` is hex, and ours."""

    file: IO[bytes]
    mime: str
    sha256: str
    size: int

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.file.close()


@dataclass(frozen=True, slots=True)
class Found:
    """What Meta says of a file; the address is good for five minutes."""

    url: httpx.URL
    mime: str
    sha256: str
    size: int

    @classmethod
    def of(cls, answer: Mapping[str, Any], origin: httpx.URL) -> "Found":
        """Read the answer of `GET /{media id}`. **Raises** MediaFailed for an address that is not Meta's."""
        url = _address(answer.get("url"))
        if url is None or not is_metas(url, origin):
            raise MediaFailed(MediaFailure.REFUSED)
        size = answer.get("file_size")
        return cls(
            url,
            mime=str(answer.get("mime_type") or "application/octet-stream"),
            sha256=str(answer.get("sha256") or ""),
            size=int(size) if isinstance(size, int | str) and str(size).isdecimal() else 0,
        )


def require_media_id(media_id: str) -> str:
    """An id that stays one part of a path; raises MediaFailed."""
    if not _MEDIA_ID.fullmatch(media_id):
        raise MediaFailed(MediaFailure.GONE)
    return media_id


def is_metas(url: httpx.URL, origin: httpx.URL) -> bool:
    """Whether the token may go there: the configured Graph host, or one of Meta's stores over TLS."""
    if url.userinfo:
        return False
    if (url.scheme, url.host, url.port) == (origin.scheme, origin.host, origin.port):
        return True
    return url.scheme == "https" and url.port in {None, 443} and f".{url.host}".endswith(_HOSTS)


def failure_for(kind: FailureKind) -> MediaFailure:
    """What a failed question about a file means for it."""
    if kind is FailureKind.STOP_QUEUE:
        return MediaFailure.STOPPED
    later = {
        FailureKind.RETRY,
        FailureKind.AWAY,
        FailureKind.RETRY_RECIPIENT,
        FailureKind.UNKNOWN,
        FailureKind.LATER_DAY,
    }
    return MediaFailure.LATER if kind in later else MediaFailure.GONE


async def download(http: httpx.AsyncClient, found: Found, *, limit: int, seconds: float) -> Media | None:
    """The file, or None where its address is over. The client's own token goes along. **Raises** MediaFailed."""
    if found.size > limit:
        raise MediaFailed(MediaFailure.TOO_LARGE)
    file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  the caller gets it open
    try:
        async with asyncio.timeout(seconds):
            digest = await _copy(http, found, file, limit)
    except (httpx.HTTPError, TimeoutError) as error:
        file.close()
        is_astray = isinstance(error, Redirected)
        raise MediaFailed(MediaFailure.REFUSED if is_astray else MediaFailure.LATER) from None
    except BaseException:
        file.close()
        raise
    if digest is None:
        file.close()
        return None
    size = file.tell()
    file.seek(0)
    return Media(file, found.mime, digest, size)


async def _copy(http: httpx.AsyncClient, found: Found, file: IO[bytes], limit: int) -> str | None:
    # Packed content would be counted before it is unpacked, and its digest is of the file.
    headers = {"Accept-Encoding": "identity"}
    digest = sha256()
    async with http.stream("GET", found.url, headers=headers, follow_redirects=False) as response:
        if response.status_code in _GONE:
            return None
        _require_file(response, limit)
        size = 0
        async for chunk in response.aiter_bytes(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise MediaFailed(MediaFailure.TOO_LARGE)
            digest.update(chunk)
            file.write(chunk)
    if found.sha256 and digest.digest() not in _digests(found.sha256):
        raise MediaFailed(MediaFailure.BROKEN)
    return digest.hexdigest()


def _require_file(response: httpx.Response, limit: int) -> None:
    if not response.is_success:
        raise MediaFailed(failure_for(failure_of(None, response.status_code).kind))
    announced = response.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise MediaFailed(MediaFailure.TOO_LARGE)


def _digests(stated: str) -> set[bytes]:
    """Webhooks write a digest in base64, other answers in hex."""
    if _HEX.fullmatch(stated):
        return {bytes.fromhex(stated)}
    found = set()
    for decode in (b64decode, urlsafe_b64decode):
        with suppress(ValueError):
            found.add(decode(stated.rstrip("=") + "=" * (-len(stated.rstrip("=")) % 4)))
    return found


def _address(given: Any) -> httpx.URL | None:
    try:
        return httpx.URL(given) if isinstance(given, str) else None
    except httpx.InvalidURL:
        return None
