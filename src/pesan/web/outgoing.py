"""Calls to addresses that others named: they reach the public net and nothing of ours (reliability.md §3, 104)."""

import asyncio
import socket
from collections.abc import Collection
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from ssl import SSLContext

import httpx

_PORTS = {"https": 443, "http": 80}
_INTERNET = IPv6Network("2000::/3")
# These carry an IPv4 address inside, which some gateway would unwrap: whatever it is, nobody needs to be called so.
_TUNNELS = (IPv6Network("2002::/16"), IPv6Network("2001::/32"))


class NameUnknown(httpx.ConnectError):
    """The name leads nowhere."""


class AddressRefused(httpx.ConnectError):
    """The name leads to an address, among others perhaps, that is not everybody's."""


class PublicTransport(httpx.AsyncBaseTransport):
    """Resolves a name itself, refuses it where it leads inside, and connects to the very address that it judged.

    So a name that means something else a moment later (DNS rebinding) leads nowhere. `trusted` origins are the
    operator's own word and are called as they are; `to_loopback` lets this machine itself be called.
    """

    def __init__(self, *, trusted: Collection[str] = (), to_loopback: bool = False) -> None:
        self._trusted = frozenset(trusted)
        self._to_loopback = to_loopback
        self._inner = httpx.AsyncHTTPTransport(verify=_certificates())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; raises NameUnknown, AddressRefused or UnsupportedProtocol where it must not go."""
        if _origin(request.url) not in self._trusted:
            await _pin(request, to_loopback=self._to_loopback)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._inner.aclose()


def is_public(text: str, *, to_loopback: bool = False) -> bool:
    """Whether an IP address is everybody's; loopback counts where a setting says so."""
    try:
        address = _unwrapped(ip_address(text.partition("%")[0]))
    except ValueError:
        return False
    if address.is_loopback:
        return to_loopback
    if address.is_multicast or address.is_reserved or address.is_unspecified or not address.is_global:
        return False
    if isinstance(address, IPv4Address):
        return True
    return address in _INTERNET and not any(address in tunnel for tunnel in _TUNNELS)


async def _pin(request: httpx.Request, *, to_loopback: bool) -> None:
    host, scheme = request.url.host, request.url.scheme
    if scheme not in _PORTS or not host:
        raise httpx.UnsupportedProtocol("only http and https", request=request)
    port = request.url.port or _PORTS[scheme]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise NameUnknown("unknown name", request=request) from error
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(is_public(address, to_loopback=to_loopback) for address in addresses):
        raise AddressRefused("no public address", request=request)
    # Certificate and Host stay those of the name; only where to connect is settled.
    request.extensions = {**request.extensions, "sni_hostname": host}
    request.url = request.url.copy_with(host=addresses[0])


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _origin(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode('ascii')}".lower()


@cache
def _certificates() -> SSLContext:
    return httpx.create_ssl_context(trust_env=False)
