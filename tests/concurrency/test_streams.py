"""1,100 status pages open at once: plain pages still answer, and who gets no stream polls."""

import asyncio
from collections import Counter
from contextlib import suppress

import httpx
import pytest

from tests.support.wire import Request, parse_head

pytestmark = pytest.mark.timeout(240)
PAGES = 1_100
STREAMS_PER_PROCESS = 400


async def open_page(port: int, code: str) -> tuple[int, asyncio.StreamWriter]:
    """Open a status page's stream and read as far as its headers; the connection stays open."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(Request("GET", f"/b/{code}/events", headers={"accept": "text/event-stream"}).encode())
    status, _ = parse_head(await reader.readuntil(b"\r\n\r\n"))
    return status, writer


async def test_1100_status_pages_leave_room_for_plain_ones(live_server, make):
    orders = [await make.order(await make.event(capacity=10)) for _ in range(5)]
    limits = {"PESAN_MAX_STREAMS": str(STREAMS_PER_PROCESS), "PESAN_MAX_STREAMS_PER_PEER": str(PAGES)}
    service = await live_server(workers=2, **limits)
    pages: list[asyncio.StreamWriter] = []
    statuses: Counter[int] = Counter()
    try:
        for start in range(0, PAGES, 100):
            opened = await asyncio.gather(
                *(open_page(service.port, orders[n % len(orders)].code) for n in range(start, start + 100))
            )
            pages += [writer for _, writer in opened]
            statuses.update(status for status, _ in opened)
        async with httpx.AsyncClient(base_url=service.url, timeout=30) as client:
            plain = [await client.get(path) for path in ("/", "/api/items", f"/b/{orders[0].code}")]
            polled = await client.get(f"/api/bookings/{orders[0].code}/status")
    finally:
        for page in pages:
            page.close()
        for page in pages:
            with suppress(ConnectionError):
                await page.wait_closed()

    assert set(statuses) == {200, 503}
    assert 0 < statuses[200] <= 2 * STREAMS_PER_PROCESS
    assert sum(statuses.values()) == PAGES
    assert [answer.status_code for answer in plain] == [200, 200, 200]
    assert polled.json()["state"] == "HOLD"
