"""Calls to addresses that others named: they reach the public net and nothing of ours (reliability.md §3, 104)."""

import asyncio
import socket
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from ssl import SSLContext
from urllib.parse import urlsplit

import httpx

from pesan.settings import Settings

_PORTS = {"https": 443, "http": 80}
# Of their own: names that others chose may hang, and then hold up nothing but each other.
_LOOKUPS = ThreadPoolExecutor(4, thread_name_prefix="lookup")
_INTERNET = IPv6Network("2000::/3")
# These carry an IPv4 address inside, which some gateway would unwrap: whatever it is, nobody needs to be called so.
_TUNNELS = (IPv6Network("2002::/16"), IPv6Network("2001::/32"))


@dataclass(frozen=True, slots=True)
class OwnSite:
    """The names that this instance answers to; `endings` are of whole families of them, `.pesan.example`."""

    names: frozenset[str] = frozenset()
    endings: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> "OwnSite":
        """What the settings name. Loopback is left out: whether that may be called is another setting's."""
        listed = (urlsplit(settings.base_url).hostname or "", *settings.trusted_hosts)
        plain = {name.strip().lower().strip("[]").rstrip(".") for name in listed} - {"", "*", "localhost"}
        families = {name for name in plain if name.startswith("*.")}
        own = {name for name in plain - families if not _is_loopback(name)}
        return cls(frozenset(own), tuple(sorted(name[1:] for name in families)))

    def has(self, host: str) -> bool:
        """Whether a name, or an address as it is written in one, is this instance's."""
        name = host.lower().strip("[]").rstrip(".")
        return name in self.names or name.endswith(self.endings)

    async def addresses(self) -> frozenset[IPv4Address | IPv6Address]:
        """Where its names lead now; loopback is left out, and names that lead nowhere."""
        found = await asyncio.gather(*(_find(name) for name in self.names))
        return frozenset(address for each in found for address in each if not address.is_loopback)


class NameUnknown(httpx.ConnectError):
    """The name leads nowhere."""


class AddressRefused(httpx.ConnectError):
    """The name leads to an address, among others perhaps, that is not everybody's, or is this instance's own."""


class PublicTransport(httpx.AsyncBaseTransport):
    """Resolves a name itself, refuses it where it leads inside, and connects to the very address that it judged.

    So a name that means something else a moment later (DNS rebinding) leads nowhere. `trusted` origins are the
    operator's own word and are called as they are; `to_loopback` lets this machine itself be called, and `own` says by
    which names it is known outside, where its other ports must not be tried either.
    """

    def __init__(
        self, *, trusted: Collection[str] = (), to_loopback: bool = False, own: OwnSite | None = None
    ) -> None:
        self._trusted = frozenset(trusted)
        self._to_loopback = to_loopback
        self._own = own or OwnSite()
        self._inner = httpx.AsyncHTTPTransport(verify=_certificates())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; raises NameUnknown, AddressRefused or UnsupportedProtocol where it must not go."""
        if _origin(request.url) not in self._trusted:
            await _pin(request, self._own, to_loopback=self._to_loopback)
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


async def _pin(request: httpx.Request, own: OwnSite, *, to_loopback: bool) -> None:
    host, scheme = request.url.host, request.url.scheme
    if scheme not in _PORTS or not host:
        raise httpx.UnsupportedProtocol("only http and https", request=request)
    if own.has(host):
        raise AddressRefused("our own name", request=request)
    try:
        addresses = await _look_up(host)
    except OSError as error:
        raise NameUnknown("unknown name", request=request) from error
    if not addresses or not all(is_public(address, to_loopback=to_loopback) for address in addresses):
        raise AddressRefused("no public address", request=request)
    if await own.addresses() & set(_parsed(addresses)):
        raise AddressRefused("our own address", request=request)
    # Certificate and Host stay those of the name; only where to connect is settled.
    request.extensions = {**request.extensions, "sni_hostname": host}
    request.url = request.url.copy_with(host=addresses[0])


async def _find(name: str) -> list[IPv4Address | IPv6Address]:
    try:
        return _parsed(await _look_up(name))
    except OSError:
        return []


async def _look_up(name: str) -> list[str]:
    return await asyncio.get_running_loop().run_in_executor(_LOOKUPS, _addresses_of, name)


def _addresses_of(name: str) -> list[str]:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError("no name") from error  # a label that is too long, among others
    return [str(entry[4][0]) for entry in found]


def _parsed(addresses: Iterable[str]) -> list[IPv4Address | IPv6Address]:
    return [_unwrapped(ip_address(address.partition("%")[0])) for address in addresses]


def _is_loopback(name: str) -> bool:
    try:
        return _unwrapped(ip_address(name)).is_loopback
    except ValueError:
        return False


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _origin(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode('ascii')}".lower()


@cache
def _certificates() -> SSLContext:
    return httpx.create_ssl_context(trust_env=False)
