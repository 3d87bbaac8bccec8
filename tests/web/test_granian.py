"""What only a real server and a real socket show."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.service import free_port

ROOT = Path(__file__).parents[2]
START_SECONDS = 30


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server of one process."""
    port = free_port()
    options = ["--interface", "asgi", "--port", str(port), "--http1-header-read-timeout", "1000", "--no-log"]
    command = [Path(sys.executable).parent / "granian", *options, "tests.web.served:app"]
    environment = {**os.environ, "PESAN_TEST_SITE": f"http://127.0.0.1:{port}", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as process:
        _wait(port, process)
        yield port
        process.terminate()
        process.wait(START_SECONDS)


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"http://127.0.0.1:{port}/healthz")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server does not answer")


async def talk(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """Send `parts` with pauses; everything that comes back until the server closes or is silent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        return await asyncio.wait_for(reader.read(65_536), 60)
    except ConnectionError:
        return b""
    finally:
        writer.close()


def post(path: str, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def get(path: bytes) -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


async def test_post_is_answered(port: int):
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        response = await client.post("/api/echo", json={"name": "Budi", "qty": 1})

    assert (response.status_code, response.json()) == (201, {"name": "Budi"})
    assert "x-server-time" in response.headers


async def test_body_that_stops_half_way_is_given_up(port: int):
    answer = await talk(
        port, post("/api/echo", "Content-Type: application/json", "Content-Length: 100"), b'{"name"'
    )

    assert status_of(answer) == 408


async def test_upload_that_stops_half_way_is_given_up(port: int):
    head = post("/api/upload", "Content-Type: multipart/form-data; boundary=x", "Content-Length: 10000")

    answer = await talk(port, head, b"--x\r\n")

    assert status_of(answer) == 408


async def test_headers_that_never_end_are_given_up(port: int):
    answer = await talk(port, b"POST /api/echo HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")

    assert status_of(answer) in {0, 408}


async def test_body_declared_too_large_is_refused_before_it_is_sent(port: int):
    answer = await talk(
        port, post("/api/echo", "Content-Type: application/json", "Content-Length: 999999999")
    )

    assert status_of(answer) == 413


async def test_body_chunked_too_large_is_refused_on_the_way(port: int):
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"

    answer = await talk(
        port, post("/api/echo", "Content-Type: application/json", "Transfer-Encoding: chunked"), *[chunk] * 8
    )

    assert status_of(answer) in {0, 413}


@pytest.mark.parametrize(
    "path",
    [
        b"/api/hello%00", b"/%ff%fe", b"/%c0%af", b"/\xff\xfe", b"/api/hello?q=\x00", b"/x/%ed%a0%80",
        b"/api/hello%0d%0aX:1", b"/%", b"/%zz", b"/..%2f..%2fetc/passwd", b"/" + b"a" * 20_000,
    ],
)  # fmt: skip
async def test_path_of_any_bytes_is_no_server_error(port: int, path: bytes):
    assert 400 <= status_of(await talk(port, get(path))) < 500


ODD_HEADERS = [
    "Host: evil.example",
    "X-Request-Id: \xff\xfe",
    "Cookie: \xff=\xfe; a=b",
    "Content-Length: abc",
    "Accept: \x01text/html",
    "X-Forwarded-For: \xff",
    "Accept-Language: " + "a," * 5_000,
    "traceparent: 00-zz",
    "X: " + "y" * 60_000,
]


@pytest.mark.parametrize("extra", ODD_HEADERS, ids=range(len(ODD_HEADERS)))
async def test_header_of_any_bytes_is_no_server_error(port: int, extra: str):
    answer = await talk(port, post("/api/echo", "Content-Type: application/json", "Connection: close", extra))

    assert status_of(answer) < 500


async def test_request_that_smuggles_another_is_refused(port: int):
    head = post(
        "/api/echo", "Content-Type: application/json", "Content-Length: 4", "Transfer-Encoding: chunked"
    )

    answer = await talk(port, head, b"0\r\n\r\nGET /api/hello HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")

    assert answer.count(b"HTTP/1.1 200") == 0


async def test_head_is_answered_without_body(port: int):
    answer = await talk(port, b"HEAD /api/hello HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")

    assert status_of(answer) == 200
    assert answer.endswith(b"\r\n\r\n")


async def test_slow_senders_do_not_hold_up_others(port: int):
    head = post("/api/echo", "Content-Type: application/json", "Content-Length: 1000")
    # All is said long before they are given up: who still sends then is cut off, and may miss the answer.
    slow = [asyncio.create_task(talk(port, head, b" ", b" ", b" ", pause=0.1)) for _ in range(100)]
    await asyncio.sleep(0.2)

    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        statuses = {(await client.get("/api/hello")).status_code for _ in range(20)}

    assert statuses == {200}
    assert {status_of(answer) for answer in await asyncio.gather(*slow)} == {408}
