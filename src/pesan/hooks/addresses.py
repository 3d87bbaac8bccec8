"""Which addresses an organizer may name for webhooks; where one leads is judged again whenever something is sent."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from pesan.hooks.errors import EndpointInvalid
from pesan.web.outgoing import OwnSite, is_public

MAX_LENGTH = 500


def require_endpoint(url: str, *, own: OwnSite, to_loopback: bool) -> str:
    """The address as it is kept; raises EndpointInvalid for one that can never be told anything.

    Plain http is for this machine alone, where a setting allows it; by its names outside nobody tells it anything.
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
    if own.has(host):
        raise EndpointInvalid
    if " " in typed or not typed.isascii() or not _may_be_public(host, to_loopback=to_loopback):
        raise EndpointInvalid
    return typed


def _may_be_public(host: str, *, to_loopback: bool) -> bool:
    """Names are looked up when something is sent; what is an address already is judged now."""
    try:
        ip_address(host)
    except ValueError:
        return True
    return is_public(host, to_loopback=to_loopback)
