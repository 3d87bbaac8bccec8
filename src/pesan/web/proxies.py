"""Who is really calling: the socket's peer, unless the peer is a proxy that we were told to trust."""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from starlette.types import Scope

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
UNKNOWN = "0.0.0.0"  # noqa: S104  the name of an unknown peer, not an address to bind
UNIX_SOCKET = "unix"
_LETTERS = 2


class TrustedProxies:
    """The proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed; by default nobody's.

    `entries` are addresses or networks, or `unix` for a peer on a Unix socket. `Forwarded`, `X-Real-IP` and the
    like are never read: a second dialect is a second way in.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        names = [entry.strip() for entry in entries]
        self._trusts_unix = UNIX_SOCKET in names
        self._networks = [ipaddress.ip_network(name, strict=False) for name in names if name != UNIX_SOCKET]

    def client(self, scope: Scope) -> tuple[str, str]:
        """The caller's address in canonical form, and the scheme that it used."""
        peer = scope.get("client")
        address = parse_address(peer[0]) if peer else None
        if not self._trusts(address):
            return canonical(peer[0]) if peer else UNKNOWN, scope.get("scheme", "http")
        return self._behind(address, scope)

    def country(self, scope: Scope, header: bytes) -> str | None:
        """The country of the caller's address, two letters, as a trusted proxy told it in this header."""
        peer = scope.get("client")
        if not header or not self._trusts(parse_address(peer[0]) if peer else None):
            return None
        told = _header(scope, header)[-1:]
        country = told[0].upper() if told else ""
        # Cloudflare says XX for "unknown" and T1 for the Tor network, which is no country.
        return (
            country
            if len(country) == _LETTERS and country.isascii() and country.isalpha() and country != "XX"
            else None
        )

    def _behind(self, peer: Address | None, scope: Scope) -> tuple[str, str]:
        scheme = _header(scope, b"x-forwarded-proto")[-1:]
        is_known = scheme and scheme[0] in {"http", "https"}
        client = self._rightmost_untrusted(peer, _header(scope, b"x-forwarded-for"))
        return str(client or UNKNOWN), scheme[0] if is_known else scope.get("scheme", "http")

    def _rightmost_untrusted(self, peer: Address | None, hops: list[str]) -> Address | None:
        """Each proxy appends who called it, so only what trusted ones appended counts, read from the right."""
        client = peer
        for hop in reversed(hops):
            address = parse_address(hop)
            if address is None:
                return client
            client = address
            if not self._trusts(address):
                return client
        return client

    def _trusts(self, address: Address | None) -> bool:
        if address is None:
            return self._trusts_unix
        return bool(self._networks) and any(address in network for network in self._networks)


@lru_cache(maxsize=4096)
def parse_address(text: str) -> Address | None:
    """An address from a socket or a header, IPv4 unwrapped from IPv6, without port and zone; None when it is none."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


@lru_cache(maxsize=4096)
def canonical(text: str) -> str:
    """The one way in which an address is written."""
    return str(parse_address(text) or UNKNOWN)


@lru_cache(maxsize=4096)
def client_group(client_ip: str) -> str:
    """What limits count by: an IPv4 address, or the /64 that one IPv6 subscriber owns whole."""
    address = parse_address(client_ip)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address or UNKNOWN)


@lru_cache(maxsize=4096)
def client_network(client_ip: str) -> str:
    """The network around a caller: the /24 of an IPv4 address, the /48 of an IPv6 one."""
    address = parse_address(client_ip) or ipaddress.ip_address(UNKNOWN)
    length = 48 if isinstance(address, ipaddress.IPv6Address) else 24
    return str(ipaddress.ip_network((address, length), strict=False))


def _header(scope: Scope, name: bytes) -> list[str]:
    values = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return [part.strip().lower() for value in values for part in value.split(",") if part.strip()]
