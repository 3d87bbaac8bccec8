"""The disk of an instance fills up: new sales stop in time, everything else goes on, and so do sales later."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import mkdtemp

import httpx
import pytest

from pesan.checkout.room import LOOK_SECONDS
from tests.support.service import Service, free_port

MEGABYTES = 480

pytestmark = [
    pytest.mark.kill,
    pytest.mark.timeout(300),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small disk"),
]


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk in memory; not in pytest's folder, which the database's account may not enter."""
    folder = Path(mkdtemp(prefix="pesan-disk-"))
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=755", "tmpfs", str(folder)],
        check=False,
        capture_output=True,
    )
    if made.returncode:
        folder.rmdir()
        pytest.skip("this machine lets nobody mount a disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
    folder.rmdir()


@pytest.fixture
async def service(small_disk: Path) -> AsyncIterator[Service]:
    service = Service(small_disk / "home", {"PESAN_RATE_LIMITS": "off"}, free_port())
    service.run("merchant", "create", "--name", "Teater Kecil", "--slug", "teater")
    await service.start()
    yield service
    await service.stop()


def make_event(service: Service) -> str:
    made = service.run(
        *("event", "create", "--merchant", "teater", "--title", "Pentas", "--capacity", "1000"),
        *("--price", "50000", "--starts-at", "2027-06-01T19:00"),
    )
    return str(made["id"])


def fill(disk: Path) -> Path:
    """A ballast that leaves one part in twenty."""
    ballast = disk / "ballast"
    usage = os.statvfs(disk)
    room = usage.f_bavail * usage.f_frsize - MEGABYTES * 1024 * 1024 // 20
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, room)
    return ballast


async def hold(client: httpx.AsyncClient, event_id: str) -> httpx.Response:
    wish = {"eventId": event_id, "name": "Budi Santoso", "qty": 1}
    return await client.post("/api/bookings/hold", json=wish)


async def test_nearly_full_disk_stops_new_sales_only(service: Service, small_disk: Path):
    event_id = make_event(service)
    async with httpx.AsyncClient(base_url=service.url, timeout=30) as client:
        before = await hold(client, event_id)
        booking = before.json()
        ballast = fill(small_disk)
        await asyncio.sleep(2 * LOOK_SECONDS)
        refused = await hold(client, event_id)
        page = await client.get(f"/b/{booking['code']}")
        listed = await client.get("/api/items")
        capacity = (await client.get(f"/api/capacity/{event_id}")).json()
        login = await client.get("/backoffice/login")
        cancelled = await client.post(f"/api/bookings/{booking['id']}/cancel")
        levels = (await client.get("/metrics")).text
        ballast.unlink()
        await asyncio.sleep(2 * LOOK_SECONDS)
        after = await hold(client, event_id)

    assert before.status_code == 201
    assert (refused.status_code, refused.json()["code"]) == (503, "sale.paused")
    assert refused.headers["retry-after"] == "60"
    assert [answer.status_code for answer in (page, listed, login, cancelled)] == [200] * 4
    assert capacity["holdActive"] == 1
    assert f"disk_total_bytes {MEGABYTES * 1024 * 1024 / 1e8:.7f}e+08" in levels
    assert after.status_code == 201
    assert service.attempt("doctor").returncode == 0
