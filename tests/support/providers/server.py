"""A small HTTP server on a free port, whose answers can be made to fail before or after they had their effect."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

import h11
import httpx

from tests.support.certificates import certificates


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body or b"{}")

    @property
    def form(self) -> dict[str, str]:
        """The body as a form."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; a body that is not bytes is sent as JSON."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> bytes:
        """The body as it goes over the wire."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(slots=True)
class Fault:
    """What goes wrong with the next `times` requests whose `METHOD /path` starts with `on`.

    With `is_done` the request has its effect all the same; `drops` breaks the connection instead of answering.
    """

    reply: Reply | None = None
    on: str = ""
    is_done: bool = False
    drops: bool = False
    seconds: float = 0.0
    times: int = 1


@dataclass(frozen=True, slots=True)
class Signed:
    """A webhook as the provider sends it."""

    headers: dict[str, str]
    body: bytes

    async def send(self, url: str, times: int = 1) -> list[int]:
        """Deliver it, and say what each delivery was answered."""
        async with httpx.AsyncClient(verify=certificates()) as client:
            answers = [await client.post(url, content=self.body, headers=self.headers) for _ in range(times)]
        return [answer.status_code for answer in answers]


class FakeProvider:
    """What the fakes share: the requests they saw, the faults that wait, and a socket."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[Asked] = []
        self.faults: list[Fault] = []

    def asked(self, prefix: str) -> list[Asked]:
        """The requests so far that start so."""
        return [asked for asked in self.requests if str(asked).startswith(prefix)]

    def answer(self, asked: Asked) -> Reply:
        """The provider's own answer."""
        raise NotImplementedError

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        connection = h11.Connection(h11.SERVER)
        with suppress(ConnectionError, h11.RemoteProtocolError):
            while asked := await _read(connection, reader):
                reply = await self._react(asked)
                if reply is None:
                    break
                _write(connection, writer, reply)
                await writer.drain()
                if connection.our_state is h11.MUST_CLOSE:
                    break
                connection.start_next_cycle()
        writer.close()

    async def _react(self, asked: Asked) -> Reply | None:
        self.requests.append(asked)
        fault = self._take_fault(asked)
        if fault is None:
            return self.answer(asked)
        own = self.answer(asked) if fault.is_done or not (fault.reply or fault.drops) else None
        await asyncio.sleep(fault.seconds)
        return None if fault.drops else fault.reply or own

    def _take_fault(self, asked: Asked) -> Fault | None:
        for fault in self.faults:
            if str(asked).startswith(fault.on):
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
                return fault
        return None


AnyFake = TypeVar("AnyFake", bound=FakeProvider)


@asynccontextmanager
async def running_provider(fake: AnyFake) -> AsyncIterator[AnyFake]:
    """Serve `fake` on a free port of this machine."""
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield fake
    finally:
        server.close()
        await asyncio.sleep(0)


async def _read(connection: h11.Connection, reader: asyncio.StreamReader) -> Asked | None:
    head: h11.Request | None = None
    body = b""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(65_536))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        else:
            return _asked(head, body) if head and isinstance(event, h11.EndOfMessage) else None


def _asked(head: h11.Request, body: bytes) -> Asked:
    target = urlsplit(head.target.decode())
    headers = {name.decode(): value.decode() for name, value in head.headers}
    return Asked(head.method.decode(), unquote(target.path), dict(parse_qsl(target.query)), headers, body)


def _write(connection: h11.Connection, writer: asyncio.StreamWriter, reply: Reply) -> None:
    headers = {"content-type": "application/json", "content-length": str(len(reply.data)), **reply.headers}
    events = [
        h11.Response(status_code=reply.status, headers=list(headers.items())),
        h11.Data(data=reply.data),
        h11.EndOfMessage(),
    ]
    for event in events:
        writer.write(connection.send(event) or b"")
