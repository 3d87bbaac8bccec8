"""The outermost layer: everything that is true of every request, in one place and one pass.

One middleware and not ten: each further layer costs a call per message, and on a hot sale this is the hot path.
"""

import asyncio
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pesan.errors import PesanError
from pesan.kit.metrics import REQUESTS_OPEN
from pesan.logging import CURRENT_REQUEST
from pesan.web import tracing
from pesan.web.access_log import record
from pesan.web.bodies import Bodies
from pesan.web.clock import ServerClock
from pesan.web.context import SCOPE_KEY, RequestContext
from pesan.web.errors import BadRequest
from pesan.web.funnel import Funnel
from pesan.web.headers import security_headers
from pesan.web.hosts import OPEN_PATHS, Hosts
from pesan.web.limits.limiter import Limiter
from pesan.web.limits.policies import GENERAL, limit_headers
from pesan.web.origins import Origins
from pesan.web.problems import answer_error
from pesan.web.proxies import TrustedProxies

# What the general limit counts wherever it is served; streams and signed webhooks have limits of their own.
LIMITED_PREFIXES = ("/api/", "/v1/")
_CLOSE: tuple[bytes, bytes] = (b"connection", b"close")
_PAGES = {"ws": "http", "wss": "https"}
_BODY_REFUSALS = frozenset({408, 413})


@dataclass(frozen=True, slots=True)
class Gates:
    """What a request passes before a route sees it."""

    hosts: Hosts
    proxies: TrustedProxies
    origins: Origins
    bodies: Bodies
    limiter: Limiter
    clock: ServerClock
    funnel: Funnel
    is_https: bool = False
    country_header: bytes = b""
    limited_prefixes: tuple[str, ...] = LIMITED_PREFIXES
    unlimited_prefixes: tuple[str, ...] = ()


class Edge:
    """Identifies, admits, limits, answers for and records every request."""

    def __init__(self, app: ASGIApp, gates: Gates) -> None:
        self.app = app
        self._gates = gates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's scope."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._connect(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = self._open(scope)
        answer = _Answer(self._gates.clock, context, send, is_head=scope["method"] == "HEAD")
        if answer.is_head:
            scope["method"] = "GET"
        token = CURRENT_REQUEST.set(context)
        REQUESTS_OPEN.inc()
        try:
            await self.app(scope, await self._admit(scope, context, receive), answer)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001  whatever it is, the caller gets an answer
            await self._refuse(error, scope, receive, answer)
        finally:
            context.is_over = True
            CURRENT_REQUEST.reset(token)
            REQUESTS_OPEN.inc(-1)
            self._record(context, answer.status)

    def _record(self, context: RequestContext, status: int) -> None:
        record(context, status, self._gates.clock.stamp())
        if self._gates.funnel.is_on:
            self._gates.funnel.note(context, status)

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A WebSocket passes the same gates; refused, it is closed before it was accepted (403 on the wire)."""
        context = self._open(scope)
        token = CURRENT_REQUEST.set(context)
        try:
            context.host = self._gates.hosts.check(_values(scope, b"host"))
            self._gates.origins.check_socket(context)
            await self.app(scope, receive, send)
        except PesanError:
            await send({"type": "websocket.close", "code": 1008})
        finally:
            CURRENT_REQUEST.reset(token)

    def _open(self, scope: Scope) -> RequestContext:
        context = RequestContext(scope, dict(scope["headers"]))
        scope[SCOPE_KEY] = context
        context.request_id = tracing.request_id(context.headers.get(b"x-request-id"))
        context.trace_id, context.parent_span, context.trace_flags = tracing.read_traceparent(
            context.headers.get(b"traceparent")
        )
        context.client_ip, context.scheme = self._gates.proxies.client(scope)
        if self._gates.country_header:
            context.country = self._gates.proxies.country(scope, self._gates.country_header)
        # A WebSocket comes from a page, and what names it (its origin, its cookies) goes by the page's scheme.
        context.scheme = _PAGES.get(context.scheme, context.scheme)
        if self._gates.is_https:  # people come over TLS, whatever the last hop to us speaks
            context.scheme = "https"
        # What the framework builds addresses from must be what the browser used.
        scope["scheme"] = context.scheme
        return context

    async def _admit(self, scope: Scope, context: RequestContext, receive: Receive) -> Receive:
        gates, path = self._gates, scope["path"]
        _check_path(path, scope["query_string"])
        if path not in OPEN_PATHS:
            context.host = gates.hosts.check(_values(scope, b"host"))
        gates.origins.check(scope["method"], context)
        if (
            gates.limiter.is_on
            and path.startswith(gates.limited_prefixes)
            and not path.startswith(gates.unlimited_prefixes)
        ):
            await gates.limiter.hit(context, GENERAL)
        return await gates.bodies.admit(context, receive)

    async def _refuse(self, error: Exception, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        if answer.is_cut:
            return
        if answer.status:
            raise error  # the answer has begun; closing the connection is all that is left to say
        response = await answer_error(Request(scope, receive), error)
        await response(scope, receive, answer)


class _Answer:
    """Adds to the start of an answer what every answer carries."""

    __slots__ = ("_clock", "_context", "_send", "is_cut", "is_head", "status")

    def __init__(self, clock: ServerClock, context: RequestContext, send: Send, *, is_head: bool) -> None:
        self._clock = clock
        self._context = context
        self._send = send
        self.is_head = is_head
        self.is_cut = False
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._headers(list(message.get("headers", ())))
        elif self.is_head and message["type"] == "http.response.body":
            await self._end_head(message)
            return
        await self._send(message)

    async def _end_head(self, message: Message) -> None:
        """Nobody reads a body after HEAD: a stream, which might never end, is cut off at its first part."""
        if self.is_cut:
            return
        self.is_cut = bool(message.get("more_body"))
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        if self.is_cut:
            raise ClientDisconnect

    def _headers(self, given: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        context = self._context
        given += security_headers(context, given)
        # What any cache may keep has no time of ours: read later, it would set somebody's clock back.
        if not dict(given)[b"cache-control"].startswith(b"public"):
            given.append((b"x-server-time", self._clock.stamp()))
        given.append((b"x-request-id", context.request_id.encode("ascii")))
        if context.parent_span:
            given.append(
                (b"traceparent", tracing.traceparent(context.trace_id, context.trace_flags).encode("ascii"))
            )
        given += limit_headers(context.usages)
        given += [(b"set-cookie", cookie) for cookie in context.cookies_out]
        if self.status in _BODY_REFUSALS:
            given.append(_CLOSE)
        return given


def _values(scope: Scope, name: bytes) -> list[bytes]:
    return [value for key, value in scope["headers"] if key == name]


def _check_path(path: str, query: bytes) -> None:
    """Raises BadRequest for what no address of ours has: NUL and other control characters, broken UTF-8."""
    if not path.isprintable() or "\ufffd" in path or b"%00" in query or b"\0" in query:
        raise BadRequest
