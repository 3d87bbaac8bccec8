"""Pages and data are packed on their way out; streams are not."""

import zlib

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MIN_BYTES = 1_024
LEVEL = 5
_PACKED_TYPES = (b"text/html", b"application/json", b"text/calendar", b"text/csv")
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


class Compression:
    """Packs answers that come in one piece, are worth it, and go to a browser that takes gzip.

    Form tokens in pages are masked anew each time (`pesan.web.csrf`), so packing gives none away.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's scope."""
        if scope["type"] != "http" or scope["method"] != "GET" or not _takes_gzip(scope):
            await self.app(scope, receive, send)
            return
        await self.app(scope, receive, _Packer(send))


class _Packer:
    """Holds the start of an answer back until its body shows whether it can be packed."""

    __slots__ = ("_send", "_start")

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_packable(message):
            self._start = message
            return
        if self._start is not None:
            start, self._start = self._start, None
            message = _pack(start, message)
            await self._send(start)
        await self._send(message)


def _takes_gzip(scope: Scope) -> bool:
    return any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])


def _is_packable(message: Message) -> bool:
    headers = dict(message["headers"])
    return b"content-encoding" not in headers and headers.get(b"content-type", b"").startswith(_PACKED_TYPES)


def _pack(start: Message, message: Message) -> Message:
    """`message` packed, and `start` told of it, when the whole body is here and is worth it."""
    headers = [*start["headers"], (b"vary", b"Accept-Encoding")]
    body = message.get("body", b"")
    if message["type"] == "http.response.body" and not message.get("more_body") and len(body) >= MIN_BYTES:
        packer = zlib.compressobj(LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
        body = packer.compress(body) + packer.flush()
        headers = [(name, value) for name, value in headers if name != b"content-length"]
        headers += [(b"content-encoding", b"gzip"), (b"content-length", str(len(body)).encode("ascii"))]
        message = {**message, "body": body}
    start["headers"] = headers
    return message
