"""The object store of a whole instance goes away in the middle of a sale, and comes back."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import text

from pesan.db import Database
from tests.jobs.support import until
from tests.payments.steps import BANK, add_method
from tests.storage.files import encoded, picture
from tests.support.bucket import Bucket, running_bucket
from tests.support.factories import SYSTEM, Make
from tests.support.service import StartService

BUYERS = 6

pytestmark = [pytest.mark.kill, pytest.mark.timeout(300)]


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with running_bucket() as bucket:
        yield bucket


async def pay(client: httpx.AsyncClient, event_id: str, number: int) -> int:
    """One buyer holds a place and sends a proof; how that was answered."""
    wish = {"eventId": event_id, "name": f"Siti Nurhaliza {'a' * number}", "qty": 1}
    booking = (await client.post("/api/bookings/hold", json=wish)).raise_for_status().json()
    slip = encoded(picture(300, 500, shade=number), "PNG")
    answer = await client.post(
        f"/api/bookings/{booking['id']}/proof",
        files={"file": ("bukti.png", slip, "image/png")},
        headers={"X-Booking-Code": booking["code"]},
    )
    return answer.status_code


async def count(database: Database, table: str) -> int:
    async with database.read(SYSTEM) as session:
        return int(await session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


async def test_every_proof_is_taken_and_the_worker_moves_them_all(
    make: Make, database: Database, bucket: Bucket, live_server: StartService
) -> None:
    event = await make.event(await make.merchant(), capacity=50)
    await add_method(database, event.merchant_id, BANK)
    named = {f"PESAN_{name.upper()}": value for name, value in bucket.settings.items()}
    named["PESAN_STORAGE_SECRET"] = bucket.settings["storage_secret"].get_secret_value()
    service = await live_server(**named)
    bucket.close()

    async with httpx.AsyncClient(base_url=service.url, timeout=60) as client:
        answers = await asyncio.gather(*(pay(client, str(event.id), number) for number in range(BUYERS)))
        levels = (await client.get("/metrics")).text
    waited = await count(database, "kept_objects")
    bucket.open()

    async def moved() -> bool:
        return await count(database, "kept_objects") == 0

    await until(moved, within=180)
    store = bucket.store()
    async with database.read(SYSTEM) as session:
        proofs = list(await session.scalars(text("SELECT object_key FROM payment_proofs")))
    assert (answers, waited, len(proofs)) == ([200] * BUYERS, BUYERS, BUYERS)
    assert f"\nkept_objects {float(BUYERS)}\n" in levels
    assert [await store.exists(key) for key in proofs] == [True] * BUYERS
