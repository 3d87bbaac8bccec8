"""A closed-loop load: each client sends its next request when the last was answered, over one kept connection.

A client is a generator: it yields requests as bytes and is sent their answers, or yields seconds to wait. All of it
sits directly on an asyncio protocol, because on a small machine every microsecond spent here is taken from the server
being measured.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from typing import cast

from tests.support.wire import Answer, parse_head

Step = bytes | float
Client = Generator[Step, Answer, None]


RESTED = Answer(0)
"""What a client is sent after it waited."""


@dataclass(slots=True)
class Report:
    """What one group of clients saw."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)

    def rate(self, *statuses: int) -> float:
        """Answers per second, those of `statuses` only when some are named."""
        chosen = statuses or tuple(self.statuses)
        return sum(self.statuses[status] for status in chosen) / self.seconds if self.seconds else 0.0

    def percentile(self, fraction: float) -> float:
        """The latency in seconds that `fraction` of the answers stayed under."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * fraction))] if ordered else 0.0


async def load(
    port: int, clients: Iterable[Client], *, seconds: float, most: int = 1_000_000, settle: float = 0.0
) -> Report:
    """Run `clients` against 127.0.0.1 until `seconds` passed, `most` answers came, or all clients ended.

    Answers of the first `settle` seconds are not counted.
    """
    report = Report()
    now = time.perf_counter()
    run = _Run(report, count_from=now + settle, stop_at=now + settle + seconds, left=most)
    async with asyncio.timeout(settle + seconds + 60):
        await asyncio.gather(*(_drive(port, client, run) for client in clients))
    report.seconds = max(time.perf_counter() - run.count_from, 0.0)
    return report


@dataclass(slots=True)
class _Run:
    report: Report
    count_from: float
    stop_at: float
    left: int

    def is_over(self) -> bool:
        return self.left <= 0 or time.perf_counter() >= self.stop_at

    def count(self, answer: Answer) -> None:
        if time.perf_counter() >= self.count_from:
            self.report.statuses[answer.status] += 1
            self.report.latencies.append(answer.seconds)
            self.left -= 1


async def _drive(port: int, client: Client, run: _Run) -> None:
    """Keep one client going, on a new connection whenever the old one broke."""
    loop = asyncio.get_running_loop()
    pending: Step | None = next(client, None)
    while pending is not None and not run.is_over():
        if isinstance(pending, float):
            await asyncio.sleep(pending)
            pending = _next(client, RESTED)
            continue
        finished: asyncio.Future[Step | None] = loop.create_future()
        connection = _Connection(client, pending, run, finished)
        try:
            await _connect(connection, port)
        except OSError:
            pending = connection.broke()
            await asyncio.sleep(0.05)
            continue
        pending = await finished


async def _connect(connection: "_Connection", port: int) -> None:
    await asyncio.get_running_loop().create_connection(lambda: connection, "127.0.0.1", port)


class _Connection(asyncio.Protocol):
    """One kept connection; ends with the request to go on with elsewhere, or None when the client is done."""

    def __init__(
        self, client: Client, first: bytes, run: _Run, finished: asyncio.Future[Step | None]
    ) -> None:
        self._client = client
        self._pending = first
        self._run = run
        self._finished = finished
        self._buffer = bytearray()
        self._sent_at = time.perf_counter()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not subclasses of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (answer := self._take_answer()) is not None:
            self._run.count(answer)
            self._advance(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._finished.done():
            self._finished.set_result(self.broke())

    def broke(self) -> Step | None:
        """Tell the client that its request went unanswered."""
        answer = Answer(0, seconds=time.perf_counter() - self._sent_at)
        self._run.count(answer)
        return _next(self._client, answer)

    def _send(self) -> None:
        assert self._transport is not None
        self._sent_at = time.perf_counter()
        self._transport.write(self._pending)

    def _advance(self, answer: Answer) -> None:
        step = _next(self._client, answer)
        if step is None or self._run.is_over():
            self._end(None)
        elif isinstance(step, float):
            asyncio.get_running_loop().call_later(step, self._wake)
        elif answer.headers.get("connection") == "close":
            self._end(step)
        else:
            self._pending = step
            self._send()

    def _wake(self) -> None:
        if not self._finished.done():
            self._advance(RESTED)

    def _end(self, result: Step | None) -> None:
        if not self._finished.done():
            self._finished.set_result(result)
        assert self._transport is not None
        self._transport.close()

    def _take_answer(self) -> Answer | None:
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return None
        status, headers = parse_head(bytes(self._buffer[:head_end]))
        body = _take_body(self._buffer, head_end + 4, headers)
        return None if body is None else Answer(status, headers, body, time.perf_counter() - self._sent_at)


def _next(client: Client, answer: Answer) -> Step | None:
    try:
        return client.send(answer)
    except StopIteration:
        return None


def _take_body(buffer: bytearray, start: int, headers: dict[str, str]) -> bytes | None:
    """Cut one body off the front of `buffer`; None while it is not all there."""
    if headers.get("transfer-encoding") != "chunked":
        end = start + int(headers.get("content-length", "0"))
        if len(buffer) < end:
            return None
        body = bytes(buffer[start:end])
        del buffer[:end]
        return body
    parts = []
    while (line_end := buffer.find(b"\r\n", start)) >= 0:
        size = int(buffer[start:line_end], 16)
        if len(buffer) < (end := line_end + 2 + size + 2):
            return None
        parts.append(bytes(buffer[line_end + 2 : end - 2]))
        start = end
        if size == 0:
            del buffer[:end]
            return b"".join(parts)
    return None
