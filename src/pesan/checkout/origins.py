"""Whence somebody buys, as far as it is kept."""

from typing import Any

from pesan.orders.moves import Origin
from pesan.web.context import context_of
from pesan.web.deps import find_guest_id, get_registry
from pesan.web.limits import Limiter
from pesan.web.proxies import client_network


def buyer_origin(request: Any) -> Origin:
    """What an order keeps of the request that places it; nothing where nobody is limited, as in a load test."""
    limiter, context = get_registry(request)[Limiter], context_of(request)
    if not limiter.is_on:
        return Origin()
    guest = find_guest_id(request)
    return Origin(
        network=limiter.digest_network(client_network(context.client_ip)),
        device=limiter.digest_of(f"device:{guest}") if guest else None,
        country=context.country,
    )
