"""Who may ask: programs of this machine, and the fake's own page; no page of anybody else's."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_NAMES = {"127.0.0.1", "localhost"}


class OwnPageOnly:
    """Refuses names that lead here from elsewhere, and requests that another site's page makes in a browser."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may be asked."""
        if scope["type"] == "http" and not _may_ask(Headers(scope=scope)):
            await PlainTextResponse("", 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _may_ask(headers: Headers) -> bool:
    host = headers.get("host", "")
    origin = headers.get("origin")
    return urlsplit(f"//{host}").hostname in _NAMES and origin in {None, f"http://{host}"}
