"""Objects without rows, and rows without objects: what a crash between two systems can leave behind."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import func, select, union_all, update

from pesan.catalog.models import Event
from pesan.db import Actor, Database
from pesan.payments.models import PaymentProof
from pesan.storage import Kind, Storage
from pesan.storage.keys import folder_of
from pesan.tenancy.models import Merchant

log = structlog.get_logger(__name__)

ORPHAN_AGE = timedelta(days=1)
_CHUNK = 500
_ACTOR = Actor.system("payments.orphans")


async def collect_orphans(database: Database, storage: Storage, *, age: timedelta = ORPHAN_AGE) -> int:
    """Delete objects older than `age` that no row names; returns how many.

    The age is what keeps an object whose transaction has not committed yet.
    """
    before = datetime.now(UTC) - age
    deleted = 0
    for kind in Kind:
        async for keys in _chunks(storage.list(kind.value, before=before)):
            known = await _known_folders(database, keys)
            orphans = [key for key in keys if folder_of(key) not in known]
            await storage.delete(*orphans)
            deleted += len(orphans)
    if deleted:
        log.info("storage.orphans_deleted", count=deleted)
    return deleted


async def mark_missing_proofs(database: Database, storage: Storage) -> int:
    """Note each proof whose object is gone, and take the note back where it is there again; returns how many are.

    A store that does not answer raises StorageUnavailable, and says nothing about any proof.
    """
    stored = {key async for key in storage.list(Kind.PROOF.value)}
    async with database.read(_ACTOR) as session:
        rows = (await session.execute(select(PaymentProof.id, PaymentProof.object_key))).all()
    # Asked again one by one: a proof may have been stored after the list was read.
    missing = [
        row.id for row in rows if row.object_key not in stored and not await storage.exists(row.object_key)
    ]
    async with database.write(_ACTOR) as session:
        is_missing = PaymentProof.id.in_(missing)
        gone = update(PaymentProof).where(is_missing, PaymentProof.missing_since.is_(None))
        back = update(PaymentProof).where(~is_missing, PaymentProof.missing_since.is_not(None))
        await session.execute(gone.values(missing_since=func.clock_timestamp()))
        await session.execute(back.values(missing_since=None))
    if missing:
        log.error("payments.proofs_missing", count=len(missing))
    return len(missing)


async def _known_folders(database: Database, keys: Sequence[str]) -> set[str]:
    """The folders among those of `keys` that some row names by any of their versions."""
    folders = {folder_of(key) for key in keys}
    columns = (PaymentProof.object_key, Event.cover_key, Merchant.logo_key)
    named = union_all(
        *(
            select(column.label("key")).where(func.regexp_replace(column, "/[^/]*$", "").in_(folders))
            for column in columns
        )
    )
    async with database.read(_ACTOR) as session:
        return {folder_of(key) for key in await session.scalars(named) if key}


async def _chunks(keys: AsyncIterator[str]) -> AsyncIterator[list[str]]:
    chunk: list[str] = []
    async for key in keys:
        chunk.append(key)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
