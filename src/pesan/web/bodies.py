"""Bodies are read with a cap and a clock; small ones whole, before anything else is spent on the request."""

import asyncio
import time
from urllib.parse import unquote_to_bytes

import orjson
from starlette.types import Message, Receive

from pesan.web.context import RequestContext
from pesan.web.errors import BadRequest, BodyTooLarge, BodyTooSlow, UnusableText

SMALL_BODY_BYTES = 256 * 1024
SMALL_BODY_SECONDS = 10.0
IDLE_SECONDS = 15.0
# A stream may take its first half minute at any speed; after that it must bring this much per second.
GRACE_SECONDS = 30.0
SLOWEST_BYTES_PER_SECOND = 8 * 1024
_FORM = b"application/x-www-form-urlencoded"
_NUL_ESCAPE = b"\\u0000"


class Bodies:
    """The caps of one instance."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes

    async def admit(self, context: RequestContext, receive: Receive) -> Receive:
        """The `receive` that the app may use.

        JSON and plain forms are read here, so that a slow sender holds nothing but a socket, and checked, so that no
        NUL, NaN, lone surrogate or endless nesting reaches a parser that is less strict. Other bodies stay streams.
        Raises BodyTooLarge, BodyTooSlow, BadRequest, UnusableText.
        """
        declared = _declared_length(context)
        if declared is None and b"transfer-encoding" not in context.headers:
            return receive
        kind = context.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        is_json = kind == b"application/json" or kind.endswith(b"+json")
        is_small = is_json or kind == _FORM
        cap = min(self._max_bytes, SMALL_BODY_BYTES) if is_small else self._max_bytes
        if declared is not None and declared > cap:
            raise BodyTooLarge
        if not is_small:
            return _CappedStream(context, receive, cap)
        body = await _read_whole(receive, cap)
        (check_json if is_json else check_form)(body)
        context.body = body
        return _Replay(body, receive)


def check_json(body: bytes) -> None:
    """Raises BadRequest unless `body` is empty or strict JSON in UTF-8, UnusableText when a text in it holds a NUL."""
    if not body:
        return
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest from error
    if _NUL_ESCAPE in body and _has_nul(value):
        raise UnusableText


def check_form(body: bytes) -> None:
    """Raises BadRequest unless the form is UTF-8, UnusableText when it holds a NUL."""
    plain = unquote_to_bytes(body) if b"%" in body else body
    if b"\0" in plain:
        raise UnusableText
    try:
        plain.decode()
    except UnicodeDecodeError as error:
        raise BadRequest from error


def _declared_length(context: RequestContext) -> int | None:
    value = context.headers.get(b"content-length")
    if value is None:
        return None
    if not value.isdigit():
        raise BadRequest
    return int(value)


async def _read_whole(receive: Receive, cap: int) -> bytes:
    try:
        async with asyncio.timeout(SMALL_BODY_SECONDS):
            return await _read_chunks(receive, cap)
    except TimeoutError as error:
        raise BodyTooSlow from error


async def _read_chunks(receive: Receive, cap: int) -> bytes:
    body = b""
    while True:
        message = await receive()
        if (
            message["type"] == "http.disconnect"
        ):  # what came so far may read like a whole form, and is not one
            raise BadRequest
        chunk: bytes = message.get("body", b"")
        body += chunk
        if len(body) > cap:
            raise BodyTooLarge
        if not message.get("more_body"):
            return body


def _has_nul(value: object) -> bool:
    """Whether a NUL is anywhere in a value that orjson read; its nesting is bounded by orjson's own limit."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if "\0" in item:
                return True
        elif isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            waiting += item
    return False


class _Replay:
    """Hands out a body that was read already, then whatever comes next (a disconnect)."""

    __slots__ = ("_body", "_receive")

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        message = {"type": "http.request", "body": self._body, "more_body": False}
        self._body = None
        return message


class _CappedStream:
    """Counts a streamed body and watches its pace; what it refuses is kept on the context.

    The multipart parser of the framework turns any exception into a plain 400, so the edge looks there first.
    """

    __slots__ = ("_cap", "_context", "_ended", "_receive", "_size", "_started")

    def __init__(self, context: RequestContext, receive: Receive, cap: int) -> None:
        self._context = context
        self._receive = receive
        self._cap = cap
        self._size = 0
        self._started = time.monotonic()
        self._ended = False

    async def __call__(self) -> Message:
        if self._ended:
            return await self._receive()
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                message = await self._receive()
            self._count(message)
        except TimeoutError as error:
            self._context.body_error = BodyTooSlow()
            raise self._context.body_error from error
        except (BodyTooLarge, BodyTooSlow) as error:
            self._context.body_error = error
            raise
        return message

    def _count(self, message: Message) -> None:
        self._size += len(message.get("body", b""))
        self._ended = not message.get("more_body")
        if self._size > self._cap:
            raise BodyTooLarge
        elapsed = time.monotonic() - self._started
        if not self._ended and elapsed > GRACE_SECONDS and self._size < elapsed * SLOWEST_BYTES_PER_SECOND:
            raise BodyTooSlow
