"""Which device is asking. A device is nobody's session: its routes read the token of `Authorization` and no cookie."""

from typing import Annotated, Any

from fastapi import Depends, Request

from pesan.gates.errors import DeviceRevoked
from pesan.gates.queries import require_live
from pesan.web.access import Who, allow
from pesan.web.context import name_merchant
from pesan.web.deps import find_device
from pesan.web.devices import DeviceClaims
from pesan.web.errors import DeviceTokenInvalid

__all__ = ["AS_DEVICE", "DEVICE", "NOT_LIVE", "DeviceOf", "get_device", "require_live"]

DEVICE: Any = allow(Who.DEVICE)
"""For a router's `dependencies`."""
AS_DEVICE: list[dict[str, list[str]]] = [{"gateToken": []}]
"""For a route's `described(security=…)`."""
NOT_LIVE = (DeviceTokenInvalid, DeviceRevoked)
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
