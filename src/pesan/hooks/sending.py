"""One message over the network: to the address that was looked up, with no redirect, no proxy and no answer kept."""

import asyncio
from collections.abc import Mapping

import httpx

from pesan.hooks.errors import Undelivered
from pesan.web.outgoing import AddressRefused, NameUnknown, OwnSite, PublicTransport

SECONDS = 10.0
_CONNECT_SECONDS = 5.0


async def send(url: str, body: bytes, headers: Mapping[str, str], *, own: OwnSite, to_loopback: bool) -> int:
    """The status that a receiver answered with, a redirect among them; raises Undelivered when nobody answered."""
    timeouts = httpx.Timeout(SECONDS, connect=_CONNECT_SECONDS)
    transport = PublicTransport(own=own, to_loopback=to_loopback)
    client = httpx.AsyncClient(transport=transport, timeout=timeouts)
    try:
        async with (
            asyncio.timeout(SECONDS),
            client,
            client.stream("POST", url, content=body, headers=headers) as answer,
        ):
            return answer.status_code
    except (TimeoutError, httpx.TimeoutException) as error:
        raise Undelivered("timeout") from error
    except NameUnknown as error:
        raise Undelivered("no_such_host") from error
    except AddressRefused as error:
        raise Undelivered("address_refused") from error
    except httpx.HTTPError as error:
        raise Undelivered("unreachable") from error
