"""Pictures that no row names: what is left of those that were replaced, or whose request ended too early."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import func, select, union_all

from pesan.db import Actor, Database
from pesan.jastip.models import Product, Profile
from pesan.storage import Storage
from pesan.storage.keys import OWNED, family_of

log = structlog.get_logger(__name__)

ORPHAN_AGE = timedelta(days=1)
_CHUNK = 500
_ACTOR = Actor.system("jastip.orphans")
_COLUMNS = (Product.image_key, Profile.avatar_key, Profile.cover_key)


async def collect_pictures(database: Database, storage: Storage, *, age: timedelta = ORPHAN_AGE) -> int:
    """Delete pictures older than `age` that no row names; returns how many.

    The age is what keeps a picture whose transaction has not committed yet, or that somebody names again by its key.
    """
    before, deleted = datetime.now(UTC) - age, 0
    for kind in sorted(OWNED):
        async for keys in _chunks(storage.list(kind.value, before=before)):
            named = await _named(database, keys)
            orphans = [key for key in keys if family_of(key) not in named]
            await storage.delete(*sorted(orphans))
            deleted += len(orphans)
    if deleted:
        log.info("jastip.pictures_deleted", count=deleted)
    return deleted


async def _named(database: Database, keys: Sequence[str]) -> set[str]:
    """The families among those of `keys` whose first version some row names."""
    families = {family_of(key) for key in keys}
    names = (func.split_part(column, ".", 1) for column in _COLUMNS)
    query = union_all(*(select(name.label("family")).where(name.in_(families)) for name in names))
    async with database.read(_ACTOR) as session:
        return set(await session.scalars(query))


async def _chunks(keys: AsyncIterator[str]) -> AsyncIterator[list[str]]:
    chunk: list[str] = []
    async for key in keys:
        chunk.append(key)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
