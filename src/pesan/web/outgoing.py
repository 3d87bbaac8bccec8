"""Calls to addresses that others named: they reach the public net and nothing of ours (reliability.md §3, 104)."""

import asyncio
import socket
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx

_NAT64 = IPv6Network("64:ff9b::/96")
# The bits in front of the IPv4 address that stands in the last 32 of a NAT64 address.
_LAST_32 = 0xFFFF_FFFF


class PublicTransport(httpx.AsyncBaseTransport):
    """Resolves a name itself, refuses it where it leads inside, and connects to the very address that it judged.

    So a name that means something else a moment later (DNS rebinding) leads nowhere. `trusted` origins are the
    operator's own word and are called as they are.
    """

    def __init__(self, *, trusted: Collection[str] = ()) -> None:
        self._trusted = frozenset(trusted)
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; raises httpx.ConnectError where it must not go."""
        if _origin(request.url) not in self._trusted:
            await _pin(request)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._inner.aclose()


def is_public(address: str) -> bool:
    """Whether an IP address is everybody's: not this machine's, its network's, nor one of those in a wrapping."""
    ip = _unwrapped(ip_address(address.partition("%")[0]))
    return ip.is_global and not ip.is_multicast


async def _pin(request: httpx.Request) -> None:
    if request.url.scheme not in {"http", "https"} or not request.url.host:
        raise httpx.UnsupportedProtocol("only http and https", request=request)
    host, port = request.url.host, request.url.port or (443 if request.url.scheme == "https" else 80)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpx.ConnectError("unknown name", request=request) from error
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(is_public(address) for address in addresses):
        raise httpx.ConnectError("no public address", request=request)
    # Certificate and Host stay those of the name; only where to connect is settled.
    request.extensions = {**request.extensions, "sni_hostname": host}
    request.url = request.url.copy_with(host=addresses[0])


def _unwrapped(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _NAT64:
        return IPv4Address(int(ip) & _LAST_32)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None) or ip


def _origin(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode('ascii')}".lower()
