"""Which addresses an organizer's webhook may go to: those of the internet, and never of the house that sends it."""

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from pesan.hooks.errors import EndpointInvalid, Undelivered

MAX_LENGTH = 500
_PORTS = {"https": 443, "http": 80}
_INTERNET = IPv6Network("2000::/3")
# These carry an IPv4 address inside, which some gateway would unwrap: whatever it is, nobody needs to be told so.
_TUNNELS = (IPv6Network("2002::/16"), IPv6Network("2001::/32"))


@dataclass(frozen=True, slots=True)
class Target:
    """Where a message goes: `address` was resolved once and is the only one that is connected to."""

    url: str
    host: str
    address: str


def require_endpoint(url: str, *, to_loopback: bool) -> str:
    """The address as it is kept; raises EndpointInvalid for one that can never be told anything.

    Plain http is for this machine alone, where a setting allows it.
    """
    typed = url.strip()
    try:
        parts = urlsplit(typed)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise EndpointInvalid from error
    is_safe = parts.scheme == "https" or (to_loopback and parts.scheme == "http")
    is_plain = parts.username is None and parts.password is None and not parts.fragment and port != 0
    if not (is_safe and is_plain and host and len(typed) <= MAX_LENGTH and typed.isprintable()):
        raise EndpointInvalid
    if " " in typed or not typed.isascii() or not _may_be_public(host, to_loopback=to_loopback):
        raise EndpointInvalid
    return typed


async def resolve(url: str, *, to_loopback: bool) -> Target:
    """Ask once where a name leads; raises Undelivered when it leads nowhere, or to any address that is not public."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, parts.port or _PORTS[parts.scheme], type=socket.SOCK_STREAM
        )
    except OSError as error:
        raise Undelivered("no_such_host") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(is_public(address, to_loopback=to_loopback) for address in addresses):
        raise Undelivered("address_refused")
    return Target(_at(parts, addresses[0]), parts.netloc, addresses[0])


def is_public(text: str, *, to_loopback: bool = False) -> bool:
    """Whether an address is one of the internet's; loopback counts where a setting says so."""
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


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _may_be_public(host: str, *, to_loopback: bool) -> bool:
    """Names are looked up when something is sent; what is an address already is judged now."""
    try:
        ip_address(host)
    except ValueError:
        return True
    return is_public(host, to_loopback=to_loopback)


def _at(parts: SplitResult, address: str) -> str:
    place = f"[{address}]" if ":" in address else address
    netloc = f"{place}:{parts.port}" if parts.port else place
    return parts._replace(netloc=netloc).geturl()
