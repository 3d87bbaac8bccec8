"""The racer and the loader themselves: a tool that hides a race would make every other test pass."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.support.loader import Client, load
from tests.support.racer import race
from tests.support.wire import Answer, Request

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"


@dataclass
class Shop:
    """Sells one thing by looking first and taking later, which is wrong."""

    answer: bytes = OK
    breaks_after: int = 1_000_000
    left: int = 1
    sold: int = 0
    requests: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while len(self.requests) < self.breaks_after:
                head = await reader.readuntil(b"\r\n\r\n")
                self.requests.append(head + await reader.readexactly(2))
                await self._sell()
                writer.write(self.answer)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    async def _sell(self) -> None:
        if self.left > 0:
            await asyncio.sleep(0)
            self.left -= 1
            self.sold += 1


@asynccontextmanager
async def open_shop(shop: Shop) -> AsyncIterator[int]:
    server = await asyncio.start_server(shop.serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def endless() -> Client:
    while True:
        yield Request("POST", "/", {}).encode()


async def test_race_finds_a_check_that_is_not_atomic():
    shop = Shop()
    async with open_shop(shop) as port:
        answers = await race(port, [Request("POST", "/", {})] * 50)
    assert [answer.status for answer in answers] == [200] * 50
    assert shop.sold > 1


async def test_load_stops_after_the_count_asked_for():
    async with open_shop(Shop()) as port:
        report = await load(port, [endless() for _ in range(4)], seconds=10, most=100)
    assert 100 <= sum(report.statuses.values()) <= 103
    assert report.percentile(0.5) > 0


async def test_load_reads_chunked_answers():
    async with open_shop(Shop(answer=CHUNKED)) as port:
        bodies: list[bytes] = []

        def client() -> Client:
            for _ in range(3):
                answer: Answer = yield Request("POST", "/", {}).encode()
                bodies.append(answer.body)

        await load(port, [client()], seconds=10)
    assert bodies == [b"ok", b"ok", b"ok"]


async def test_load_tells_a_client_that_its_connection_broke():
    async with open_shop(Shop(breaks_after=2)) as port:
        report = await load(port, [endless()], seconds=10, most=3)
    assert report.statuses == {200: 2, 0: 1}


async def test_load_waits_when_a_client_wants_to():
    async with open_shop(Shop()) as port:

        def client() -> Client:
            yield Request("POST", "/", {}).encode()
            yield 0.2
            yield Request("POST", "/", {}).encode()

        report = await load(port, [client()], seconds=10)
    assert report.statuses == {200: 2}
    assert report.seconds > 0.2
