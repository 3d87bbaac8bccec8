"""Which site names this instance answers to."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from pesan.web.errors import BadRequest, UnknownHost

LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
# Machines ask by address, and nothing in these answers depends on the name.
OPEN_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
_REMEMBERED = 256


class Hosts:
    """The allow-list of host names: the base URL's and the listed ones, and the local names in development.

    An entry is a name, `*.name` for every name below it, or `*`. Ports are not compared.
    """

    def __init__(self, base_url: str, trusted: Iterable[str], *, allow_local: bool) -> None:
        names = {
            name.strip().lower().rstrip(".") for name in (urlsplit(base_url).hostname or "", *trusted)
        } - {""}
        if allow_local:
            names.update(LOCAL_NAMES)
        self._takes_all = "*" in names
        self._names = frozenset(names)
        self._endings = tuple(name[1:] for name in names if name.startswith("*."))
        self._checked: dict[bytes, str] = {}

    def check(self, values: list[bytes]) -> str:
        """The Host header as it may be used.

        Raises BadRequest when it is missing, doubled or broken, UnknownHost when the name is not ours.
        """
        if len(values) != 1:
            raise BadRequest
        known = self._checked.get(values[0])
        return known if known is not None else self._check(values[0])

    def _check(self, value: bytes) -> str:
        host = value.decode("latin-1").lower()
        try:
            parts = urlsplit(f"//{host}")
            name, _ = parts.hostname, parts.port
        except ValueError as error:
            raise BadRequest from error
        if not name or parts.netloc != host or "@" in host:
            raise BadRequest
        if not self._serves(f"[{name}]" if ":" in name else name.rstrip(".")):
            raise UnknownHost
        if len(self._checked) < _REMEMBERED:
            self._checked[value] = host
        return host

    def _serves(self, name: str) -> bool:
        return self._takes_all or name in self._names or name.endswith(self._endings)
