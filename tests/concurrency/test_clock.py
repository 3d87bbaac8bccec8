"""The database's clock decides: a web process that is two hours off holds, expires and refuses like any other."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import make_url

from pesan.db import Database
from pesan.settings import Settings
from tests.storage.files import encoded, picture
from tests.support.database import offenders
from tests.support.factories import Make
from tests.support.instance import shared_instance
from tests.support.postgres import Server
from tests.support.schema import open_database
from tests.support.service import START_SECONDS, Service, environment_of, free_port

pytestmark = [
    pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler to make a false clock with"),
    pytest.mark.skipif(not Path("/proc/self").exists(), reason="the false clock is made for Linux"),
]
SOURCE = Path(__file__).parents[1] / "support" / "clock.c"
HOURS = 3_600
PROOF = encoded(picture(80, 120), "PNG")


@pytest.fixture(scope="module")
def false_clock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = tmp_path_factory.mktemp("clock") / "clock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"], check=True)
    return library


@pytest.fixture(scope="module")
def settings(
    postgres: Server, template: str, role_prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """One instance for the file: every test has an event of its own."""
    with shared_instance(postgres, template, role_prefix, tmp_path_factory.mktemp("home")) as settings:
        yield settings


@pytest.fixture(scope="module")
async def database(settings: Settings) -> AsyncIterator[Database]:
    opened = open_database(settings, "worker")
    yield opened
    await opened.dispose()


@pytest.fixture(scope="module")
def make(database: Database) -> Make:
    return Make(database)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where both services keep what is uploaded: one looks for the files of the other, as nodes of an instance do."""
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="module", params=[2 * HOURS, -2 * HOURS], ids=["ahead", "behind"])
async def client(request, settings, files, false_clock) -> AsyncIterator[httpx.AsyncClient]:
    """A guest of a service whose every process is two hours off; /readyz says so, and is not waited for."""
    false = {"LD_PRELOAD": str(false_clock), "TEST_CLOCK_SHIFT": str(request.param)}
    service = Service(files, {**environment_of(settings), **false}, free_port())
    service._process = service._spawn(1)
    try:
        async with httpx.AsyncClient(base_url=service.url, timeout=30) as client:
            await until_alive(client)
            yield client
    finally:
        await service.stop()


async def until_alive(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(START_SECONDS):
        while not await is_alive(client):
            await asyncio.sleep(0.1)


async def is_alive(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/healthz")).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_hold_lasts_as_long_as_the_database_says(client: httpx.AsyncClient, make, database):
    event = await make.event()

    answer = await client.post("/api/bookings/hold", json={"eventId": str(event.id), "name": "Siti Aminah"})
    held = answer.json()
    ready = await client.get("/readyz")
    status = await client.get(f"/api/bookings/{held['code']}/status")

    now = datetime.now(UTC)
    assert ready.json()["checks"]["clock"] == "skewed"
    assert answer.status_code == 201
    assert moment(held["holdExpiresAt"]) - moment(held["serverTime"]) == timedelta(minutes=15)
    assert abs(moment(held["serverTime"]) - now) < timedelta(minutes=1)
    assert abs(moment(status.headers["x-server-time"]) - now) < timedelta(minutes=1)
    assert status.json()["state"] == "HOLD"
    assert await offenders(database) == []


async def test_running_hold_takes_its_proof(client: httpx.AsyncClient, make):
    order = await make.order()

    answer = await client.post(
        f"/api/bookings/{order.id}/proof",
        files={"file": ("bukti.png", PROOF, "image/png")},
        headers={"x-booking-code": order.code},
    )

    assert (answer.status_code, answer.json()["state"]) == (200, "REVIEW")


async def test_hold_that_is_over_is_over(client: httpx.AsyncClient, make, database, postgres, settings):
    event = await make.event(capacity=1)
    order = await make.order(event)
    with postgres.connect(str(make_url(settings.database_url).database)) as owner:
        owner.execute(
            "UPDATE orders SET hold_expires_at = clock_timestamp() - interval '1 second' WHERE id = %s",
            [order.id],
        )

    late = await client.post(
        f"/api/bookings/{order.id}/proof",
        files={"file": ("bukti.png", PROOF, "image/png")},
        headers={"x-booking-code": order.code},
    )
    next_one = await client.post("/api/bookings/hold", json={"eventId": str(event.id), "name": "Siti Aminah"})

    # The worker, which gives back what is over every minute, may have been first.
    assert (late.status_code, late.json()["code"]) in {
        (409, "orders.hold_expired"),
        (409, "orders.wrong_state"),
    }
    assert next_one.status_code == 201
    assert await offenders(database) == []


@pytest.fixture
async def jump(
    settings: Settings, files: Path, false_clock: Path, tmp_path: Path
) -> AsyncIterator[tuple[httpx.AsyncClient, Callable[[int], int]]]:
    """A guest of a service with its worker, and what moves the clock of all its processes by so many seconds."""
    clock = tmp_path / "clock"
    clock.write_bytes(bytes(8))
    false = {"LD_PRELOAD": str(false_clock), "TEST_CLOCK_FILE": str(clock)}
    service = Service(files, {**environment_of(settings), **false}, free_port())
    try:
        await service.start()
        async with httpx.AsyncClient(base_url=service.url, timeout=30) as client:
            yield client, lambda seconds: clock.write_bytes(seconds.to_bytes(8, sys.byteorder, signed=True))
    finally:
        await service.stop()


async def test_clock_that_jumps_back_an_hour_gives_no_hold_its_life_again(
    jump, make, database, postgres, settings
):
    client, move_clock = jump
    event = await make.event(capacity=1)
    wish = {"eventId": str(event.id), "name": "Siti Aminah"}
    first = (await client.post("/api/bookings/hold", json=wish)).json()
    with postgres.connect(str(make_url(settings.database_url).database)) as owner:
        owner.execute(
            "UPDATE orders SET hold_expires_at = clock_timestamp() - interval '1 second' WHERE code = %s",
            [first["code"]],
        )

    move_clock(-HOURS)
    second = (await client.post("/api/bookings/hold", json=wish)).json()
    late = await client.post(
        f"/api/bookings/{first['id']}/proof",
        files={"file": ("bukti.png", PROOF, "image/png")},
        headers={"x-booking-code": first["code"]},
    )
    ended = await client.get(f"/api/bookings/{first['code']}/status")

    assert (late.status_code, late.json()["state"]) == (409, "EXPIRED")
    assert ended.json()["state"] == "EXPIRED"
    assert (second["state"], second["id"] > first["id"]) == ("HOLD", True)
    assert await offenders(database) == []
