"""Five hundred clients who drip, and one who asks for much and reads nothing: everybody else is served."""

import asyncio
import socket
from contextlib import suppress

import httpx
import pytest

from pesan.identity.states import MerchantRole
from tests.support.wire import Request

pytestmark = pytest.mark.timeout(600)
DRIPPING = 500
ROWS = 16_000
# What a kernel keeps at most for a connection whose other end does not read.
BUFFER = 4 * 1024 * 1024
HEAD = b"POST /api/bookings/hold HTTP/1.1\r\nHost: 127.0.0.1\r\n"
BODY = HEAD + b"Content-Type: application/json\r\nContent-Length: 200\r\n\r\n"


async def drip(port: int, begin: bytes, stop: asyncio.Event) -> None:
    """Send a byte now and then, on a new connection whenever the old one is given up."""
    while not stop.is_set():
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(begin)
        with suppress(ConnectionError):
            await drip_on(writer, b"x" if begin is HEAD else b" ", stop)
        writer.close()


async def drip_on(writer: asyncio.StreamWriter, drop: bytes, stop: asyncio.Event) -> None:
    while not stop.is_set():
        writer.write(drop)
        await writer.drain()
        await asyncio.sleep(0.5)


async def test_clients_who_drip_hold_up_nobody(live_server, make):
    order = await make.order()
    service = await live_server(workers=2)
    stop = asyncio.Event()
    drips = [
        asyncio.create_task(drip(service.port, HEAD if number % 2 else BODY, stop))
        for number in range(DRIPPING)
    ]
    await asyncio.sleep(2)
    async with httpx.AsyncClient(base_url=service.url, timeout=60) as client:
        paths = ["/", "/api/items", f"/b/{order.code}", f"/api/bookings/{order.code}/status"]
        statuses = {(await client.get(paths[turn % 4])).status_code for turn in range(60)}
        wish = {"eventId": str(order.event_id), "name": "Budi Santoso", "qty": 1}
        bought = await client.post("/api/bookings/hold", json=wish)
    stop.set()
    await asyncio.gather(*drips)

    assert (statuses, bought.status_code) == ({200}, 201)


def sell(owner, order_id) -> int:
    """Many bookings like one that was made properly; the bytes of their longest columns."""
    owner.execute("SET session_replication_role = replica")
    columns = [
        row[0]
        for row in owner.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'orders'"
            " AND is_generated = 'NEVER' ORDER BY ordinal_position"
        )
    ]
    fresh = {"id": "gen_random_uuid()", "code": "upper(substr(md5(n::text || random()), 1, 13))"}
    fresh |= {"notes": "repeat('catatan panjang ', 7)", "buyer_name": "repeat('Budi Santoso ', 7)"}
    fresh |= {"email": "repeat('budi.santoso.', 15) || n || '@contoh.id'"}
    values = ", ".join(fresh.get(name, f"o.{name}") for name in columns)
    owner.execute(
        f"INSERT INTO orders ({', '.join(columns)}) SELECT {values} FROM orders o, generate_series(1, {ROWS}) n"
        " WHERE o.id = %s",
        [order_id],
    )
    written = owner.execute(
        "SELECT sum(octet_length(notes) + octet_length(buyer_name) + octet_length(email)) FROM orders"
    )
    return written.fetchone()[0]


def post(path: str, form: str, cookies: dict[str, str]) -> bytes:
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    headers = {"cookie": cookie, "content-type": "application/x-www-form-urlencoded"}
    return Request("POST", path, form.encode(), headers).encode()


async def test_reader_of_an_export_who_reads_nothing_holds_no_connection(
    live_server, make, postgres, database_url
):
    merchant = await make.merchant()
    order = await make.order(await make.event(merchant))
    cookies = await make.session_of(await make.user(merchant, MerchantRole.ORGANIZER))
    with postgres.connect(database_url.database) as owner:
        exported = sell(owner, order.id)
    service = await live_server(PESAN_DATABASE_POOL_SIZE="2", PESAN_STATEMENT_TIMEOUT_MS="60000")
    async with httpx.AsyncClient(base_url=service.url, timeout=60, cookies=cookies) as client:
        page = (await client.get("/backoffice/account")).text
        token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
        readers = [
            await start_reading(service.port, merchant.slug, token, dict(client.cookies)) for _ in range(4)
        ]
        statuses = {(await client.get("/api/items")).status_code for _ in range(10)}
    with postgres.connect(database_url.database) as owner:
        busy = await held_for_long(owner, database_url.database)
    for reader in readers:
        reader.close()

    assert exported > 1.5 * BUFFER
    assert statuses == {200}
    assert busy == 0


async def held_for_long(owner, name: str) -> int:
    """How many transactions stay open; one whose reader's buffer is still being filled ends by itself.

    Looked at for less than the time after which the server would end them (`idle_in_transaction_session_timeout`).
    """
    for _ in range(100):
        (busy,) = owner.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND state LIKE 'idle in transaction%%'",
            [name],
        ).fetchone()
        if not busy:
            break
        await asyncio.sleep(0.1)
    return busy


async def start_reading(port: int, merchant: str, token: str, cookies: dict[str, str]) -> socket.socket:
    """Ask for an export, wait for its first bytes, and read no further."""
    reader = socket.create_connection(("127.0.0.1", port))
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    reader.setblocking(False)
    loop = asyncio.get_running_loop()
    path = f"/organizer/{merchant}/bookings/export?format=csv"
    await loop.sock_sendall(reader, post(path, f"csrf_token={token}", cookies))
    async with asyncio.timeout(60):
        assert (await loop.sock_recv(reader, 15)).startswith(b"HTTP/1.1 200")
    return reader
