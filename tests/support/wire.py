"""HTTP/1.1 as bytes, for the tools that must decide when each byte leaves."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `body` that is not bytes is sent as JSON."""

    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def encode(self) -> bytes:
        """The request as it goes over the wire, on a connection that stays open."""
        is_json = self.body is not None and not isinstance(self.body, bytes)
        payload = json.dumps(self.body).encode() if is_json else (self.body or b"")
        headers = {"host": "127.0.0.1", "accept": "application/json", **self.headers}
        if is_json:
            headers.setdefault("content-type", "application/json")
        if payload or self.method not in {"GET", "HEAD"}:
            headers["content-length"] = str(len(payload))
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        return "\r\n".join([*lines, "", ""]).encode() + payload


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back and how long it took; status 0 is a connection that broke."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """The problem document's stable code, where there is one."""
        is_problem = self.headers.get("content-type", "").startswith("application/problem+json")
        code: str | None = self.json()["code"] if is_problem else None
        return code


async def read_answer(reader: asyncio.StreamReader, *, seconds: float = 0.0) -> Answer:
    """Read one answer to its end, leaving the connection usable for the next request."""
    status, headers = parse_head(await reader.readuntil(b"\r\n\r\n"))
    if headers.get("transfer-encoding") == "chunked":
        return Answer(status, headers, await _read_chunks(reader), seconds)
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Answer(status, headers, body, seconds)


def parse_head(head: bytes) -> tuple[int, dict[str, str]]:
    """The status and the headers, names in lower case."""
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    return int(first.split(" ", 2)[1]), {name.lower(): value.strip() for name, _, value in pairs}


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int(await reader.readuntil(b"\r\n"), 16):
        parts.append((await reader.readexactly(size + 2))[:-2])
    await reader.readuntil(b"\r\n")
    return b"".join(parts)
