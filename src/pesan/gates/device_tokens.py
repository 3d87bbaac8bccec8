"""Tokens of devices: short-lived JWTs that name a device at a gate; its row is asked each time whether it may still."""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.util import urlsafe_b64decode

from pesan.kit.signing import derive_key
from pesan.web.devices import DeviceClaims, Devices

LIFE = timedelta(hours=24)
"""The longest that a device works on one token (pestapora.md §21.2)."""
RENEWABLE = timedelta(days=7)
"""How long a token that is over still names its device for a renewal, which takes the device's key besides."""
MAX_LENGTH = 2_048
_REMEMBERED = 1_024
_ALGORITHM = "HS256"
# Exactly this and nothing else: no `kid`, `jku`, `x5u` or `crit` is ever looked at (RFC 8725, 3.1 and 3.11).
_HEADER = {"alg": _ALGORITHM, "typ": "gate+jwt"}
_AUDIENCE = "pesan-gate"
_SKEW_SECONDS = 60
"""How far the clocks of two nodes may be apart."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token as it goes to its device."""

    text: str
    expires_at: datetime


class DeviceTokens(Devices):
    """Makes and reads the tokens of one instance's devices, with a key that signs nothing else."""

    def __init__(self, secret: bytes) -> None:
        self._key = OctKey.import_key(derive_key(secret, "gate-device-token"))
        # A device shows the same token with every scan of a day: that we made it is found out once.
        self._claims = lru_cache(maxsize=_REMEMBERED)(self._decode)

    def make(self, claims: DeviceClaims, *, now: float | None = None) -> NewToken:
        """A token for a device, for a day."""
        at = int(time.time() if now is None else now)
        ends = at + int(LIFE.total_seconds())
        told = {
            "aud": _AUDIENCE,
            "sub": str(claims.device_id),
            "eid": str(claims.event_id),
            "gid": str(claims.gate_id),
            "mid": str(claims.merchant_id),
            "iat": at,
            "nbf": at,
            "exp": ends,
        }
        text = jwt.encode(_HEADER, told, self._key, algorithms=[_ALGORITHM])
        return NewToken(text, datetime.fromtimestamp(ends, UTC))

    def read(self, token: str) -> DeviceClaims | None:
        """The device that the token is for; none when we did not make it or it is not valid now."""
        return self._read(token, timedelta())

    def read_for_renewal(self, token: str) -> DeviceClaims | None:
        """The same for a token that may be over, but not for long; by itself it opens nothing."""
        return self._read(token, RENEWABLE)

    def _read(self, token: str, grace: timedelta) -> DeviceClaims | None:
        if not _has_our_shape(token):
            return None
        try:
            return _checked(self._claims(token), time.time(), grace.total_seconds())
        except (JoseError, ValueError, TypeError, KeyError):
            return None

    def _decode(self, token: str) -> dict[str, Any]:
        """What a token says that we made; raises for any other, which is not remembered."""
        _require_our_header(token)
        return jwt.decode(token, self._key, algorithms=[_ALGORITHM]).claims


def _has_our_shape(token: str) -> bool:
    return len(token) <= MAX_LENGTH and token.isascii() and token.count(".") == 2


def _require_our_header(token: str) -> None:
    if json.loads(urlsafe_b64decode(token.partition(".")[0].encode())) != _HEADER:
        raise ValueError("not a header of ours")


def _checked(claims: dict[str, object], now: float, grace: float) -> DeviceClaims | None:
    starts, ends = claims["nbf"], claims["exp"]
    if not isinstance(starts, int) or not isinstance(ends, int) or claims["aud"] != _AUDIENCE:
        return None
    if not starts - _SKEW_SECONDS <= now < ends + grace:
        return None
    named = (UUID(str(claims[name])) for name in ("sub", "eid", "gid", "mid"))
    return DeviceClaims(*named)
