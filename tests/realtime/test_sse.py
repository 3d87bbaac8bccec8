"""Streams over real HTTP, from the server that Pesan runs on."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from pesan.realtime.sse import Snapshot, encode
from tests.support.service import START_SECONDS, free_port

# Longer than anything waits on a busy machine, and shorter than the server waits for those who stay.
PATIENCE_SECONDS, KILL_SECONDS = 30, 150


@pytest.fixture
def server() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Granian with one worker, and its address."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "asgi",
        "--port",
        str(port),
        "--host",
        "127.0.0.1",
    ]
    command += ["--backlog", "256", "--backpressure", "200", "--no-log"]
    command += ["--workers-kill-timeout", str(KILL_SECONDS)]
    environment = {**os.environ, "PYTHONPATH": "."}
    process = subprocess.Popen([*command, "tests.realtime.app:app"], env=environment, start_new_session=True)
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its worker too, which would outlive it
        process.wait()


@pytest.fixture
async def client(server: tuple[subprocess.Popen[bytes], str]) -> AsyncIterator[httpx.AsyncClient]:
    """Speaks to the server once it answers."""
    limits = httpx.Limits(max_connections=50)
    async with httpx.AsyncClient(base_url=server[1], timeout=PATIENCE_SECONDS, limits=limits) as client:
        await _until_answering(client)
        yield client


class Reader:
    """One open stream, event by event."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()

    async def event(self) -> list[str]:
        """The lines of the next event or comment; empty when the stream has ended."""
        lines: list[str] = []
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for line in self._lines:
                if not line and lines:
                    return lines
                lines += [line] if line else []
        return lines

    async def next_state(self) -> list[str]:
        """The next event that is more than a comment or a retry."""
        while (lines := await self.event()) and not lines[0].startswith("id:"):
            pass
        return lines


async def test_stream_begins_with_the_state_and_follows_its_changes(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", "/stream") as response:
        reader = Reader(response)
        first = [await reader.event(), await reader.event()]
        await client.get("/set", params={"version": "2", "data": "two\nlines"})
        second = await reader.next_state()

    assert first[0][0].startswith("retry: ")
    assert first[1] == ["id: 1", "event: state", "data: one"]
    assert second == ["id: 2", "event: state", "data: two", "data: lines"]
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert (response.headers["cache-control"], response.headers["x-accel-buffering"]) == ("no-store", "no")


async def test_quiet_stream_has_a_heartbeat(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", "/stream") as response:
        reader = Reader(response)
        heard = [(await reader.event())[0] for _ in range(4)]

    assert heard[2:] == [": still here", ": still here"]


async def test_hint_without_a_change_sends_nothing(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", "/stream") as response:
        reader = Reader(response)
        await reader.next_state()
        await client.get("/set", params={"version": "1"})

        assert await reader.event() == [": still here"]


async def test_client_that_has_the_state_gets_only_what_is_newer(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", "/stream", headers={"last-event-id": "1"}) as response:
        reader = Reader(response)
        assert (await reader.event())[0].startswith("retry:")
        assert await reader.event() == [": still here"]
        await client.get("/set", params={"version": "2"})
        assert (await reader.next_state())[0] == "id: 2"


async def test_client_that_missed_changes_gets_the_state(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", "/stream", headers={"last-event-id": "0"}) as response:
        assert (await Reader(response).next_state())[0] == "id: 1"


async def test_stream_ends_with_the_final_state_and_tells_who_has_it_to_stop(
    client: httpx.AsyncClient,
) -> None:
    async with client.stream("GET", "/stream") as response:
        reader = Reader(response)
        await reader.next_state()
        await client.get("/set", params={"version": "9", "final": "yes"})

        assert [(await reader.next_state())[0], await reader.event()] == ["id: 9", []]

    again = await client.get("/stream", headers={"last-event-id": "9"})
    assert (again.status_code, again.content) == (204, b"")
    await _until_none_is_open(client)


async def test_state_that_cannot_be_read_is_the_answer(client: httpx.AsyncClient) -> None:
    await client.get("/set", params={"error": "gone"})

    answer = await client.get("/stream")

    assert (answer.status_code, answer.json()) == (404, {"code": "not_found"})
    await _until_none_is_open(client)


async def test_change_during_an_outage_arrives_after_it(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", "/stream") as response:
        reader = Reader(response)
        await reader.next_state()
        await client.get("/set", params={"version": "2", "error": "busy"})
        await asyncio.sleep(0.5)
        await client.get("/set", params={"error": ""})

        assert (await reader.next_state())[0] == "id: 2"


async def test_peer_has_no_more_streams_than_it_may(client: httpx.AsyncClient) -> None:
    async with _streams(client, *["greedy"] * 6):
        refused = await client.get("/stream", params={"peer": "greedy"})
        other = client.stream("GET", "/stream", params={"peer": "modest"})
        async with other as response:
            assert response.status_code == 200

    assert (refused.status_code, refused.json(), refused.headers["retry-after"]) == (
        503,
        {"code": "realtime.busy"},
        "10",
    )


async def test_process_has_no_more_streams_than_it_may(client: httpx.AsyncClient) -> None:
    async with _streams(client, *(f"peer {n}" for n in range(8))):
        assert (await client.get("/stream", params={"peer": "another"})).status_code == 503
        assert (await client.get("/count")).json()["open"] == 8


async def test_client_that_leaves_makes_room_at_once(client: httpx.AsyncClient) -> None:
    async with _streams(client, *["greedy"] * 6):
        pass

    await _until_none_is_open(client)
    assert (await client.get("/count")).json() == {"open": 0, "listeners": 0}


async def test_terminated_server_ends_its_streams_and_goes(
    server: tuple[subprocess.Popen[bytes], str], client: httpx.AsyncClient
) -> None:
    async with client.stream("GET", "/stream") as response:
        reader = Reader(response)
        await reader.next_state()
        server[0].send_signal(signal.SIGTERM)

        assert await reader.next_state() == []
        async with asyncio.timeout(PATIENCE_SECONDS):
            while server[0].poll() is None:
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("data", ["", "a\n\nb", "a\r\nb", "data: x\nevent: y"])
def test_data_cannot_break_out_of_its_event(data: str) -> None:
    lines = encode(Snapshot("1", data)).decode().split("\n")

    assert lines[:2] == ["id: 1", "event: state"]
    assert lines[-2:] == ["", ""]
    assert all(line.startswith("data: ") for line in lines[2:-2])


class _streams:  # noqa: N801  reads as a function
    """Several streams open at once."""

    def __init__(self, client: httpx.AsyncClient, *peers: str) -> None:
        self._contexts = [client.stream("GET", "/stream", params={"peer": peer}) for peer in peers]

    async def __aenter__(self) -> None:
        for context in self._contexts:
            assert (await context.__aenter__()).status_code == 200

    async def __aexit__(self, *_: object) -> None:
        for context in self._contexts:
            await context.__aexit__(None, None, None)


async def _until_none_is_open(client: httpx.AsyncClient) -> None:
    """The server notices the end of a stream a moment after whoever reads it."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await client.get("/count")).json()["open"]:
            await asyncio.sleep(0.02)


async def _until_answering(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(START_SECONDS):
        while not await _answers(client):
            await asyncio.sleep(0.1)


async def _answers(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/count")).is_success
    except httpx.TransportError:
        return False
