"""A store that may be away: what it does not take is kept in the database, and moved to it later."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from typing import TypeVar

from sqlalchemy import ARRAY, Row, String, bindparam, select, text

from pesan.db import Actor, Database
from pesan.kit.metrics import OBJECTS_KEPT
from pesan.logging import get_logger
from pesan.settings import Settings
from pesan.storage.base import Content, Storage
from pesan.storage.errors import ObjectMissing, StorageUnavailable
from pesan.storage.models import KeptObject
from pesan.storage.objects import RETRY_AFTER_SECONDS, open_configured
from pesan.storage.uploads import MAX_BYTES, MEGABYTE

log = get_logger(__name__)

WAITS_SECONDS = (0.2, 0.6)
"""Between the attempts to put one object."""
PUT_SECONDS = 6.0
"""How long somebody who sent a file waits for the store, all attempts together."""
_CHUNK = 64 * 1024
_PAGE = 1_000

_KEEP = text("SELECT keep_object(:key, :content, :mime, :digest, :most)")
_FIND = text("SELECT content, is_removed FROM find_kept_object(:key, :reads)")
_DROP = text("SELECT drop_kept_objects(:keys)").bindparams(bindparam("keys", type_=ARRAY(String())))
# The functions answer whoever knows a key, and the web process can be nobody who lists.
_ANYBODY = Actor.guest()
_SYSTEM = Actor.system("storage")
T = TypeVar("T")


class KeepingStorage:
    """The Storage of `store`, with the database for what it does not take; no more than `most_bytes` of it.

    Reading costs the database nothing while the store answers. A process that found it silent does not ask it again for
    ten seconds where the database has the answer.
    """

    def __init__(self, store: Storage, database: Database, *, most_bytes: int) -> None:
        self.store = store
        self._database = database
        self._most_bytes = most_bytes
        self._away_until = 0.0

    async def put(self, key: str, content: bytes, mime: str) -> None:
        """Store `content` whole, or keep it until the store is back.

        Kept in a transaction of its own that has committed when this returns, as the store would have it: the row that
        names the object may belong to a sale's group, which should not carry ten megabytes for all of its buyers.
        Raises StorageUnavailable when there is no room left to keep it; then nothing is stored.
        """
        if not self._is_away() and await self._was_put(key, content, mime):
            return
        if not await self._keep(key, content, mime):
            raise StorageUnavailable(retry_after=RETRY_AFTER_SECONDS)
        OBJECTS_KEPT.inc()
        log.warning("storage.kept", key=key, size=len(content))

    async def get(self, key: str) -> bytes:
        """The whole object; raises ObjectMissing."""

        async def kept() -> bytes | None:
            row = await self._find(key)
            return bytes(row.content or b"") if row else None

        return await self._either(lambda: self.store.get(key), kept)

    async def open(self, key: str) -> Content:
        """The object as a stream; raises ObjectMissing."""

        async def kept() -> Content | None:
            row = await self._find(key)
            content = bytes(row.content or b"") if row else b""
            return Content(len(content), _pieces(content)) if row else None

        return await self._either(lambda: self.store.open(key), kept)

    async def delete(self, *keys: str) -> None:
        """Remove objects, kept ones too; of those the store is told later when it is away."""
        if not keys:
            return
        async with self._database.write(_ANYBODY) as session:
            kept = set(await session.scalars(_DROP, {"keys": list(keys)}))
        for key in keys:
            try:
                await self.store.delete(key)
            except StorageUnavailable:
                if key not in kept:
                    raise

    async def exists(self, key: str) -> bool:
        """Whether the object is there."""

        async def kept() -> bool | None:
            return True if await self._find(key, reads=False) else None

        async def stored() -> bool:
            if not await self.store.exists(key):
                raise ObjectMissing
            return True

        try:
            return await self._either(stored, kept)
        except ObjectMissing:
            return False

    async def list(self, prefix: str, *, before: datetime | None = None) -> AsyncIterator[str]:
        """The keys under `prefix`, last written before `before` if given; only the worker may ask."""
        # What is moved meanwhile was kept when it was asked for, and is named once.
        kept = set[str]()
        async for key in self._list_kept(prefix, before):
            kept.add(key)
            yield key
        async for key in self.store.list(prefix, before=before):
            if key not in kept:
                yield key

    async def _was_put(self, key: str, content: bytes, mime: str) -> bool:
        try:
            async with asyncio.timeout(PUT_SECONDS):
                await self._put_patiently(key, content, mime)
        except (StorageUnavailable, TimeoutError):
            self._away_until = time.monotonic() + RETRY_AFTER_SECONDS
            return False
        return True

    async def _put_patiently(self, key: str, content: bytes, mime: str) -> None:
        for wait in WAITS_SECONDS:
            with suppress(StorageUnavailable):
                return await self.store.put(key, content, mime)
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311  spreads load, guards nothing
        return await self.store.put(key, content, mime)

    async def _keep(self, key: str, content: bytes, mime: str) -> bool:
        if not 0 < len(content) <= min(MAX_BYTES, self._most_bytes):
            return False
        digest = (await asyncio.to_thread(sha256, content)).digest()
        values = {"key": key, "content": content, "mime": mime, "digest": digest, "most": self._most_bytes}
        async with self._database.write(_ANYBODY) as session:
            return bool(await session.scalar(_KEEP, values))

    async def _either(self, ask: Callable[[], Awaitable[T]], kept: Callable[[], Awaitable[T | None]]) -> T:
        """What the store has, else what is kept; asked once more at last, because it may have been moved between."""
        if not self._is_away():
            try:
                return await ask()
            except ObjectMissing:
                pass
            except StorageUnavailable:
                self._away_until = time.monotonic() + RETRY_AFTER_SECONDS
        found = await kept()
        return found if found is not None else await ask()

    async def _find(self, key: str, *, reads: bool = True) -> Row[bytes | None, bool] | None:
        """The row of a kept object, with its bytes if it `reads`; raises ObjectMissing when it was deleted."""
        async with self._database.read(_ANYBODY) as session:
            row = (await session.execute(_FIND, {"key": key, "reads": reads})).one_or_none()
        if row is not None and row.is_removed:
            raise ObjectMissing
        return row

    async def _list_kept(self, prefix: str, before: datetime | None) -> AsyncIterator[str]:
        last, page = "", _PAGE
        start = f"{prefix.rstrip('/')}/" if prefix else ""
        while page == _PAGE:
            query = select(KeptObject.key).where(
                KeptObject.key > last, KeptObject.key.startswith(start, autoescape=True)
            )
            wanted = query.where(KeptObject.removed_at.is_(None)).order_by(KeptObject.key).limit(_PAGE)
            if before is not None:
                wanted = wanted.where(KeptObject.kept_at < before)
            async with self._database.read(_SYSTEM) as session:
                found = list(await session.scalars(wanted))
            for last in found:
                yield last
            page = len(found)

    def _is_away(self) -> bool:
        return time.monotonic() < self._away_until


def open_keeping(settings: Settings, database: Database) -> KeepingStorage:
    """The store of this instance, with room in `database` for what it does not take."""
    most = settings.storage_keep_megabytes * MEGABYTE
    return KeepingStorage(open_configured(settings), database, most_bytes=most)


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), _CHUNK):
        yield content[start : start + _CHUNK]
