"""No object without a row for more than a day, and no row without an object that nobody knows of."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from pesan.catalog.models import Event
from pesan.db import Database
from pesan.jobs import registered_tasks
from pesan.kit.ids import new_id
from pesan.kit.registry import Registry
from pesan.payments.models import PaymentProof
from pesan.payments.orphans import collect_orphans, mark_missing_proofs
from pesan.payments.tasks import collect_orphan_objects
from pesan.storage import Kind, Storage
from pesan.storage.errors import StorageUnavailable
from pesan.storage.keys import OWNED, new_folder, version_key
from pesan.storage.objects import ObjectStorage, open_storage
from pesan.tenancy.models import Merchant
from tests.payments.steps import offenders, send_proof
from tests.support.factories import Make

AT_ONCE = timedelta(seconds=-60)
_COPY_PROOF = text(
    "INSERT INTO payment_proofs (id, merchant_id, order_id, object_key, mime, size, sha256)"
    " SELECT :id, merchant_id, order_id, :key, mime, size, sha256 FROM payment_proofs ORDER BY id LIMIT 1"
)


@pytest.fixture
def storage() -> ObjectStorage:
    return open_storage("memory:")


@pytest.fixture
async def named(make: Make, owner: AsyncEngine, storage: ObjectStorage) -> list[str]:
    """The objects of a proof, a cover with its smaller version, and a logo, each named by a row."""
    order = await make.order()
    proof = await send_proof(make, order)
    cover = f"{new_folder(Kind.COVER)}/large.webp"
    logo = f"{new_folder(Kind.LOGO)}/logo.png"
    async with owner.begin() as connection:
        await connection.execute(update(Event).values(cover_key=cover))
        await connection.execute(update(Merchant).values(logo_key=logo))
    keys = [proof.object_key, cover, version_key(cover, "small.webp"), logo]
    for key in keys:
        await storage.put(key, b"isi", "image/jpeg")
    return sorted(keys)


async def kept(storage: ObjectStorage) -> list[str]:
    return sorted([key async for key in storage.list("")])


async def test_objects_that_no_row_names_are_deleted(
    database: Database, storage: ObjectStorage, named: list[str]
) -> None:
    for kind in set(Kind) - OWNED:
        await storage.put(f"{new_folder(kind)}/file.jpg", b"yatim", "image/jpeg")

    deleted = await collect_orphans(database, storage, age=AT_ONCE)

    assert deleted == 3
    assert await kept(storage) == named


async def test_young_objects_are_left_to_their_transaction(
    database: Database, storage: ObjectStorage
) -> None:
    key = f"{new_folder(Kind.PROOF)}/file.jpg"
    await storage.put(key, b"baru", "image/jpeg")

    assert await collect_orphans(database, storage) == 0
    assert await kept(storage) == [key]


async def test_more_objects_than_one_chunk_are_collected(database: Database, storage: ObjectStorage) -> None:
    for _ in range(510):
        await storage.put(f"{new_folder(Kind.PROOF)}/file.jpg", b"yatim", "image/jpeg")

    assert await collect_orphans(database, storage, age=AT_ONCE) == 510
    assert await kept(storage) == []


async def test_proof_without_its_object_is_an_offender_until_it_is_back(
    database: Database, storage: ObjectStorage, named: list[str]
) -> None:
    proof = next(key for key in named if key.startswith("proof/"))
    await storage.delete(proof)

    missing = await mark_missing_proofs(database, storage)
    while_missing = await offenders(database)
    await storage.put(proof, b"isi", "image/jpeg")
    missing_later = await mark_missing_proofs(database, storage)

    assert (missing, while_missing) == (1, {"payments.proofs_have_their_object": 1})
    assert (missing_later, await offenders(database)) == (0, {})


async def test_proofs_of_many_months_and_pages_are_all_looked_for(
    database: Database, storage: ObjectStorage, make: Make, owner: AsyncEngine
) -> None:
    order = await make.order()
    await send_proof(make, order)
    folders = [f"proof/2026/{month:02}/{number:032x}" for month in range(1, 6) for number in range(150)]
    rows = [{"id": new_id(), "key": f"{folder}/file.jpg"} for folder in folders]
    async with owner.begin() as connection:
        await connection.execute(_COPY_PROOF, rows)
    for row in rows[::2]:
        await storage.put(row["key"], b"isi", "image/jpeg")

    assert await mark_missing_proofs(database, storage) == len(rows) // 2 + 1
    assert await mark_missing_proofs(database, storage) == len(rows) // 2 + 1

    async with owner.connect() as connection:
        noted = await connection.scalars(
            select(PaymentProof.object_key).where(PaymentProof.missing_since.is_not(None))
        )
        found = set(noted)
    assert found >= {row["key"] for row in rows[1::2]}
    assert len(found) == len(rows) // 2 + 1


async def test_store_that_is_down_says_nothing_about_proofs(database: Database, named: list[str]) -> None:
    down = open_storage(
        "s3://bucket", endpoint="http://127.0.0.1:9", region="us-east-1", key_id="a", secret="b", seconds=1.0
    )

    with pytest.raises(StorageUnavailable):
        await mark_missing_proofs(database, down)

    assert await offenders(database) == {}
    assert len(named) == 4


async def test_nightly_job_does_both(database: Database, storage: ObjectStorage, named: list[str]) -> None:
    registry = Registry()
    registry.add(Database, database)
    registry.add(Storage, storage)  # type: ignore[type-abstract]
    await storage.delete(*named)

    await collect_orphan_objects(registry)

    assert "payments.collect_orphans" in registered_tasks()
    assert await offenders(database) == {"payments.proofs_have_their_object": 1}
