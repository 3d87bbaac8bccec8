"""A socket whose reader has stopped reading is given up; whoever reads hears everything."""

import asyncio
import os
import socket
from base64 import b64encode

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from pesan.booths.feed import FeedEvent, tell_many
from pesan.booths.kinds import FeedKind
from pesan.booths.topics import topic_of
from pesan.catalog.models import Event
from pesan.db import Database
from pesan.realtime import Hub
from tests.booths.followers import Follower, open_socket
from tests.support.wire import Request

# More than all the buffers on the way and the server's patience with one reader together.
PORTIONS, IN_ONE, SIZE = 20, 50, 12_000
GIVEN_UP = 'sockets_ended_total{reason="realtime.slow"}'


async def start_reading(port: int, outlet, cookies) -> socket.socket:
    """Open a socket by hand, with hardly any room for what arrives, and read no further than its first line."""
    reader = socket.create_connection(("127.0.0.1", port))
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    reader.setblocking(False)
    headers = {
        "host": f"127.0.0.1:{port}",
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": b64encode(os.urandom(16)).decode(),
        "origin": f"http://127.0.0.1:{port}",
        "cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
    }
    asked = Request("GET", f"/ws?outlet={outlet.id}", headers=headers).encode()
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(reader, asked)
    async with asyncio.timeout(20):
        assert (await loop.sock_recv(reader, 12)) == b"HTTP/1.1 101"
    return reader


async def given_up(client: httpx.AsyncClient) -> float:
    lines = (await client.get("/metrics")).text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(GIVEN_UP))


async def tell_much(database: Database, outlet: Event) -> None:
    about = {"merchant_id": outlet.merchant_id, "kind": FeedKind.OUTLET_CHANGED}
    event = FeedEvent(outlet.id, payload={"what": "x" * SIZE}, **about)
    async with Hub(database.url) as hub:
        for _ in range(PORTIONS):
            async with database.sale() as session:
                await tell_many(session, [event] * IN_ONE)
            hub.hint(topic_of(outlet.id))


async def test_reader_who_stopped_is_given_up_and_others_hear_everything(served, make, database):
    merchant = await make.merchant()
    outlet = await make.event(merchant, fulfilment="booths")
    cookies = await make.session_of(await make.user(merchant))
    service = await served()
    quick = Follower(service.url, outlet.id, cookies, PORTIONS * IN_ONE)
    async with httpx.AsyncClient(base_url=service.url, timeout=20) as client:
        before = await given_up(client)
        with await start_reading(service.port, outlet, cookies):
            await asyncio.gather(quick.follow(), tell_much(database, outlet))
            while await given_up(client) == before:
                await asyncio.sleep(0.05)

    assert quick.heard == list(range(1, PORTIONS * IN_ONE + 1))
    assert quick.resets == 0


async def test_page_of_another_site_opens_no_socket(served, make):
    merchant = await make.merchant()
    outlet = await make.event(merchant, fulfilment="booths")
    cookies = await make.session_of(await make.user(merchant))
    service = await served()

    with pytest.raises(InvalidStatus) as refused:
        async with open_socket(service.url, outlet.id, cookies, origin="https://evil.example"):
            pass

    assert refused.value.response.status_code == 403
