"""One line and one measurement per request: what was asked by template, how it ended, how long it took."""

import time

from pesan.kit.metrics import REQUEST_SECONDS
from pesan.logging import write_line
from pesan.web.assets import Assets
from pesan.web.context import RequestContext

# Asked every few seconds by machines, or a dozen times per page; measured, but not worth a line.
_QUIET_ROUTES = frozenset({"/healthz", "/readyz", "/metrics", Assets.path})
_REFUSED = 400
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def record(context: RequestContext, status: int, now: bytes) -> None:
    """Write the line and the latency of a request that is over at `now`."""
    seconds = time.perf_counter() - context.started
    route, method = context.route, context.scope["method"]
    known_method = method if method in _METHODS else "OTHER"
    REQUEST_SECONDS.observe(seconds, known_method, route, str(status))
    if route in _QUIET_ROUTES and status < _REFUSED:
        return
    write_line(
        {
            "at": now.decode("ascii"),
            "level": "info",
            "service": "web",
            "event": "request",
            **context.log_fields(),
            "method": known_method,
            "status": status,
            "ms": round(seconds * 1000, 1),
        }
    )
