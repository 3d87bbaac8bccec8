"""Requests that a browser sends for another site are refused before anything reads them (Fetch Metadata)."""

from urllib.parse import urlsplit

from pesan.web.context import RequestContext
from pesan.web.errors import CrossSite

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITES = frozenset({b"same-origin", b"none"})


class Origins:
    """The one origin that may act here: the base URL's, and the one that the request itself came to.

    A client that sends neither `Sec-Fetch-Site` nor `Origin` is no browser, and carries no cookie that it did not mean
    to send; pages ask for a form token besides.
    """

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._own = f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else ""

    def check(self, method: str, context: RequestContext) -> None:
        """Raises CrossSite when a browser says that another site is behind an unsafe request."""
        if method in SAFE_METHODS:
            return
        site = context.headers.get(b"sec-fetch-site")
        if site is not None and site not in _OWN_SITES:
            raise CrossSite
        origin = context.headers.get(b"origin")
        if origin is not None and not self._is_own(origin.decode("latin-1").lower(), context):
            raise CrossSite

    def check_socket(self, context: RequestContext) -> None:
        """Raises CrossSite for a WebSocket that another site's page opens; its cookies would come along."""
        origin = context.headers.get(b"origin")
        if origin is not None and not self._is_own(origin.decode("latin-1").lower(), context):
            raise CrossSite

    def _is_own(self, origin: str, context: RequestContext) -> bool:
        return origin in {self._own, f"{context.scheme}://{context.host}"}
