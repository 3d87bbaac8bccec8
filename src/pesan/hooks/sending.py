"""One message over the network: to the address that was looked up, with no redirect, no proxy and no answer kept."""

import asyncio
import ssl
from collections.abc import Mapping
from functools import cache
from urllib.parse import urlsplit

import httpx

from pesan.hooks.addresses import resolve
from pesan.hooks.errors import Undelivered

SECONDS = 10.0
_CONNECT_SECONDS = 5.0


async def send(url: str, body: bytes, headers: Mapping[str, str], *, to_loopback: bool) -> int:
    """The status that a receiver answered with, a redirect among them; raises Undelivered when nobody answered.

    What is certified is the name, and what is connected to is the address: the name is not looked up a second time, so
    that it cannot lead elsewhere by then.
    """
    try:
        async with asyncio.timeout(SECONDS):
            target = await resolve(url, to_loopback=to_loopback)
            name = urlsplit(url).hostname or ""
            timeouts = httpx.Timeout(SECONDS, connect=_CONNECT_SECONDS)
            client = httpx.AsyncClient(verify=_certificates(), trust_env=False, timeout=timeouts)
            async with (
                client,
                client.stream(
                    "POST",
                    target.url,
                    content=body,
                    headers={**headers, "host": target.host},
                    extensions={"sni_hostname": name},
                ) as answer,
            ):
                return answer.status_code
    except (TimeoutError, httpx.TimeoutException) as error:
        raise Undelivered("timeout") from error
    except httpx.HTTPError as error:
        raise Undelivered("unreachable") from error


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)
