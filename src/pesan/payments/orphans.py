"""Objects without rows, and rows without objects: what a crash between two systems can leave behind."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Row, func, literal_column, select, union_all, update

from pesan.catalog.models import Event
from pesan.db import Actor, Database
from pesan.payments.models import PaymentProof
from pesan.storage import Kind, Storage
from pesan.storage.keys import OWNED, folder_of
from pesan.tenancy.models import Merchant

log = structlog.get_logger(__name__)

ORPHAN_AGE = timedelta(days=1)
_CHUNK = 500
_MONTHS = 2
# Written out, not as parameters, so that every plan may use the index of the same expression.
_LAST_PART: tuple[ColumnElement[str], ...] = literal_column("'/[^/]*$'"), literal_column("''")
_ACTOR = Actor.system("payments.orphans")


async def collect_orphans(database: Database, storage: Storage, *, age: timedelta = ORPHAN_AGE) -> int:
    """Delete objects older than `age` that no row names; returns how many.

    The age is what keeps an object whose transaction has not committed yet. Those of `OWNED` are the jastip desk's.
    """
    before = datetime.now(UTC) - age
    deleted = 0
    for kind in set(Kind) - OWNED:
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

    Pages through the proofs, and holds the keys of two months at most. A store that does not answer raises
    StorageUnavailable, and says nothing about the proofs from there on.
    """
    shelf, last, missing = _Shelf(storage), UUID(int=0), 0
    while page := await _proofs_after(database, last):
        # Asked again one by one: a proof may have been stored after the list was read.
        gone = [
            row.id
            for row in page
            if not await shelf.holds(row.object_key) and not await storage.exists(row.object_key)
        ]
        await _note(database, page, gone)
        last, missing = page[-1].id, missing + len(gone)
    if missing:
        log.error("payments.proofs_missing", count=missing)
    return missing


class _Shelf:
    """What the store holds, a month at a time: proofs come in the order of their ids, and so of their months."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._months: dict[str, frozenset[str]] = {}

    async def holds(self, key: str) -> bool:
        month = folder_of(folder_of(key))
        if month not in self._months:
            if len(self._months) == _MONTHS:
                del self._months[next(iter(self._months))]
            self._months[month] = frozenset([found async for found in self._storage.list(month)])
        return key in self._months[month]


async def _proofs_after(database: Database, proof_id: UUID) -> Sequence[Row[UUID, str, datetime | None]]:
    query = select(PaymentProof.id, PaymentProof.object_key, PaymentProof.missing_since)
    page = query.where(PaymentProof.id > proof_id).order_by(PaymentProof.id).limit(_CHUNK)
    async with database.read(_ACTOR) as session:
        return (await session.execute(page)).all()


async def _note(
    database: Database, page: Sequence[Row[UUID, str, datetime | None]], gone: Sequence[UUID]
) -> None:
    noted = {row.id for row in page if row.missing_since is not None}
    changes = [
        (set(gone) - noted, func.clock_timestamp()),
        (noted - set(gone), None),
    ]
    async with database.write(_ACTOR) as session:
        for ids, since in changes:
            if ids:
                change = update(PaymentProof).where(PaymentProof.id.in_(ids))
                await session.execute(change.values(missing_since=since))


async def _known_folders(database: Database, keys: Sequence[str]) -> set[str]:
    """The folders among those of `keys` that some row names by any of their versions."""
    folders = {folder_of(key) for key in keys}
    columns = (PaymentProof.object_key, Event.cover_key, Merchant.logo_key)
    named = union_all(
        *(
            select(column.label("key")).where(func.regexp_replace(column, *_LAST_PART).in_(folders))
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
