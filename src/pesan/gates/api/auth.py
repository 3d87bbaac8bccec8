"""Which device is asking. A device is nobody's session: its routes read the token of `Authorization` and no cookie."""

from typing import Annotated, Any

from fastapi import Depends, Request

from pesan.gates.errors import DeviceRevoked, GateShut
from pesan.gates.queries import require_live
from pesan.gates.tenure import require_tenure
from pesan.web.access import Who, allow
from pesan.web.context import context_of, name_merchant
from pesan.web.deps import find_device, get_database
from pesan.web.devices import DeviceClaims
from pesan.web.errors import DeviceTokenInvalid
from pesan.web.limits.dependencies import limiter_of
from pesan.web.limits.policies import Policy

__all__ = [
    "AS_DEVICE",
    "DEVICE",
    "IN_OFFICE",
    "NOT_LIVE",
    "DeviceOf",
    "get_device",
    "limit_device",
    "require_live",
]

DEVICE: Any = allow(Who.DEVICE)
"""For a router's `dependencies`."""
AS_DEVICE: list[dict[str, list[str]]] = [{"gateToken": []}]
"""For a route's `described(security=…)`."""
NOT_LIVE = (DeviceTokenInvalid, DeviceRevoked, GateShut)
"""For a route's `refusals(…)`."""


async def get_device(request: Request) -> DeviceClaims:
    """The device whose token came along; raises DeviceTokenInvalid.

    That it was not revoked since is for `require_live` to say, in the transaction of whatever is asked.
    """
    claims = find_device(request)
    if claims is None:
        raise DeviceTokenInvalid
    name_merchant(request, claims.merchant_id)
    return claims


DeviceOf = Annotated[DeviceClaims, Depends(get_device)]


async def _check_tenure(request: Request, device: DeviceOf) -> None:
    await require_tenure(get_database(request), device)


IN_OFFICE: Any = Depends(_check_tenure)
"""For the `dependencies` of a route that hands names out; raises DeviceOver."""


def limit_device(name: str, count: int, window_seconds: int) -> Any:
    """A dependency that lets one device through `count` times in `window_seconds`, then raises TooManyRequests.

    By its token and not by its address, which all devices of an event may share.
    """
    policy = Policy(name, count, window_seconds)

    async def check(request: Request) -> None:
        claims = find_device(request)
        who = f"device:{claims.device_id}" if claims else None
        await limiter_of(request).hit(context_of(request), policy, who)

    return Depends(check)
