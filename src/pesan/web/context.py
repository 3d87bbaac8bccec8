"""What the edge found out about one request, for everybody behind it."""

import secrets
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from starlette.requests import HTTPConnection
from starlette.types import Scope

from pesan.kit.i18n import Locale

if TYPE_CHECKING:
    from pesan.web.devices import BoothClaims, DeviceClaims
    from pesan.web.limits.policies import Usage
    from pesan.web.people import Person

SCOPE_KEY = "pesan"
UNMATCHED = "unmatched"


class RequestContext:
    """One request, as the edge sees it; the same object from the first byte to the log line."""

    __slots__ = (
        "body",
        "body_error",
        "booth",
        "client_ip",
        "cookies_in",
        "cookies_out",
        "country",
        "device",
        "guest_id",
        "headers",
        "host",
        "is_over",
        "locale",
        "merchant_id",
        "nonce_made",
        "parent_span",
        "person",
        "request_id",
        "scheme",
        "scope",
        "started",
        "trace_flags",
        "trace_id",
        "usages",
    )

    def __init__(self, scope: Scope, headers: Mapping[bytes, bytes]) -> None:
        self.scope = scope
        self.headers = headers
        self.started = time.perf_counter()
        self.request_id = ""
        self.trace_id = self.parent_span = self.trace_flags = ""
        self.client_ip = self.host = ""
        self.country: str | None = None
        self.scheme = "http"
        self.nonce_made: str | None = None
        self.guest_id: str | None = None
        self.locale: Locale | None = None
        self.merchant_id: str | None = None
        self.person: Person | bool | None = False  # False until somebody asked
        self.device: DeviceClaims | bool | None = False  # likewise
        self.booth: BoothClaims | bool | None = False
        self.body: bytes | None = None  # a small one, read whole
        self.body_error: Exception | None = None
        self.cookies_in: dict[str, str] | None = None
        self.cookies_out: list[bytes] = []
        self.usages: list[Usage] = []
        self.is_over = False

    @property
    def nonce(self) -> str:
        """The request's CSP nonce; made when a page asks, so that a cacheable page without one stays without."""
        if self.nonce_made is None:
            self.nonce_made = secrets.token_urlsafe(16)
        return self.nonce_made

    @property
    def route(self) -> str:
        """The route's template with its router's prefix, `/b/{code}`, never the address that was asked for."""
        found = self.scope.get("fastapi", {}).get("effective_route_context") or self.scope.get("route")
        return getattr(found, "path", None) or UNMATCHED

    def text_header(self, name: bytes) -> str:
        """A request header as text; empty when it is missing."""
        return self.headers.get(name, b"").decode("latin-1")

    def log_fields(self) -> dict[str, str]:
        """What every log line of this request carries."""
        fields = {"request_id": self.request_id, "trace_id": self.trace_id, "route": self.route}
        if self.merchant_id:
            fields["merchant"] = self.merchant_id
        return fields


def context_of(connection: HTTPConnection | Any) -> RequestContext:
    """The context of a request or WebSocket that came through the edge."""
    return cast("RequestContext", connection.scope[SCOPE_KEY])


def name_merchant(connection: HTTPConnection, merchant_id: object) -> None:
    """Put the merchant that this request is about on its log lines."""
    context_of(connection).merchant_id = str(merchant_id)
