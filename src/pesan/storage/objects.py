"""Objects in a local folder, in S3 or R2, or in memory, all by obstore."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, S3Store

from pesan.settings import Settings
from pesan.storage.base import Content, Storage
from pesan.storage.errors import ObjectMissing, StorageUnavailable

RETRY_AFTER_SECONDS = 10
_CHUNK = 64 * 1024


class ObjectStorage:
    """A Storage on one obstore store; `seconds` bounds every call, retries included."""

    def __init__(self, store: Any, *, seconds: float = 10.0, folder: Path | None = None) -> None:
        self._store = store
        self._seconds = seconds
        self._folder = folder

    async def put(self, key: str, content: bytes, mime: str) -> None:
        """Store `content` whole or not at all; on a local disk it has reached the disk."""
        # A local folder keeps no attributes; the type of an object is in its row and in its link anyway.
        attributes = None if self._folder else {"Content-Type": mime}
        with _available():
            async with asyncio.timeout(self._seconds):
                # One request: a multipart upload that is cut off leaves parts behind that nobody sees.
                await obstore.put_async(self._store, key, content, attributes=attributes, use_multipart=False)
                if self._folder:
                    await asyncio.to_thread(_sync, self._folder / key)

    async def get(self, key: str) -> bytes:
        """The whole object; raises ObjectMissing."""
        with _present():
            async with asyncio.timeout(self._seconds):
                result = await obstore.get_async(self._store, key)
                return bytes(await result.bytes_async())

    async def open(self, key: str) -> Content:
        """The object as a stream; raises ObjectMissing."""
        with _present():
            async with asyncio.timeout(self._seconds):
                result = await obstore.get_async(self._store, key)
        return Content(size=result.meta["size"], chunks=_chunks(result))

    async def delete(self, *keys: str) -> None:
        """Remove objects; one that is not there is removed already."""
        for key in keys:
            with _available(), suppress(FileNotFoundError):
                async with asyncio.timeout(self._seconds):
                    await obstore.delete_async(self._store, key)

    async def exists(self, key: str) -> bool:
        """Whether the object is there."""
        with _available():
            try:
                async with asyncio.timeout(self._seconds):
                    await obstore.head_async(self._store, key)
            except FileNotFoundError:
                return False
        return True

    async def list(self, prefix: str, *, before: datetime | None = None) -> AsyncIterator[str]:
        """The keys under `prefix`, last written before `before` if given."""
        with _available():
            async for batch in obstore.list(self._store, prefix=prefix):
                for key in _old_enough(batch, before):
                    yield key


def open_storage(
    url: str,
    *,
    endpoint: str = "",
    region: str = "auto",
    key_id: str = "",
    secret: str = "",
    seconds: float = 10.0,
) -> ObjectStorage:
    """The store that `url` names: `file:///folder`, `s3://bucket/prefix` (R2 by its `endpoint`), `memory:`.

    Raises ValueError for another scheme.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return open_folder(Path(unquote(parts.path)), seconds=seconds)
    if parts.scheme == "memory":
        return ObjectStorage(MemoryStore(), seconds=seconds)
    if parts.scheme != "s3":
        raise ValueError(f"storage URL scheme {parts.scheme!r} is not file, s3 or memory")
    config = {"endpoint": endpoint, "region": region, "access_key_id": key_id, "secret_access_key": secret}
    store = S3Store.from_url(
        url,
        config={name: value for name, value in config.items() if value},  # type: ignore[arg-type]
        client_options=_client_options(endpoint, seconds),
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=seconds)},
    )
    return ObjectStorage(store, seconds=seconds)


def open_folder(folder: Path, *, seconds: float = 10.0) -> ObjectStorage:
    """A store in a local folder that only its owner may enter."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return ObjectStorage(LocalStore(folder, mkdir=True), seconds=seconds, folder=folder)


def open_configured(settings: Settings) -> Storage:
    """The store of this instance; without a setting, a folder under its home."""
    is_bucket = bool(settings.storage_bucket) and settings.storage_provider != "local"
    url = settings.storage_url or (f"s3://{settings.storage_bucket}" if is_bucket else "")
    if not url:
        return open_folder(settings.home / "objects")
    return open_storage(
        url,
        endpoint=settings.storage_endpoint,
        region=settings.storage_region,
        key_id=settings.storage_key_id,
        secret=settings.storage_secret.get_secret_value(),
    )


def _client_options(endpoint: str, seconds: float) -> Any:
    return {
        "connect_timeout": timedelta(seconds=min(3.0, seconds)),
        "timeout": timedelta(seconds=seconds),
        "allow_http": endpoint.startswith("http://"),
    }


def _old_enough(batch: Any, before: datetime | None) -> list[str]:
    return [entry["path"] for entry in batch if before is None or entry["last_modified"] < before]


@contextmanager
def _available() -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError) as error:
        raise StorageUnavailable(retry_after=RETRY_AFTER_SECONDS) from error


@contextmanager
def _present() -> Iterator[None]:
    try:
        with _available():
            yield
    except StorageUnavailable as error:
        # Only a read may say "not there": the same answer to a write means that the bucket is missing.
        if isinstance(error.__cause__, FileNotFoundError):
            raise ObjectMissing from error
        raise


async def _chunks(result: Any) -> AsyncIterator[bytes]:
    with _available():
        async for chunk in result.stream(min_chunk_size=_CHUNK):
            yield bytes(chunk)


def _sync(path: Path) -> None:
    """Wait for the disk: a row that survives a power cut must not point to a file that did not."""
    for target, flags in ((path, os.O_RDONLY), (path.parent, os.O_RDONLY | os.O_DIRECTORY)):
        descriptor = os.open(target, flags)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
