"""Last-byte synchronisation: many requests wait with all but one byte sent, then all last bytes leave at once.

Requests that are merely started together arrive one after the other and hide races; these arrive as one.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.support.wire import Answer, Request, read_answer

# Long enough for the server to have read what was sent so far, on a busy machine too.
SETTLE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class _Runner:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    last_byte: bytes


async def race(port: int, requests: Sequence[Request], *, within: float = 90.0) -> list[Answer]:
    """Let `requests` reach the server on 127.0.0.1 at the same moment; the answers in the same order.

    A connection that breaks is an Answer of status 0. Raises TimeoutError when not all ended `within` seconds.
    """
    async with asyncio.timeout(within):
        runners = await asyncio.gather(*(_line_up(port, request) for request in requests))
        await asyncio.sleep(SETTLE_SECONDS)
        started = time.perf_counter()
        for runner in runners:
            runner.writer.write(runner.last_byte)
        return list(await asyncio.gather(*(_finish(runner, started) for runner in runners)))


async def _line_up(port: int, request: Request) -> _Runner:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    payload = request.encode()
    writer.write(payload[:-1])
    await writer.drain()
    return _Runner(reader, writer, payload[-1:])


async def _finish(runner: _Runner, started: float) -> Answer:
    try:
        answer = await read_answer(runner.reader)
    except (asyncio.IncompleteReadError, ConnectionError):
        return Answer(0, seconds=time.perf_counter() - started)
    finally:
        runner.writer.close()
    return Answer(answer.status, answer.headers, answer.body, time.perf_counter() - started)
