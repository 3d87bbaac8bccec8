"""Tokens of devices: short-lived JWTs that name a device; its row is asked each time whether it may still."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.util import urlsafe_b64decode

from pesan.kit.signing import derive_key

LIFE = timedelta(hours=24)
"""The longest that a device works on one token (pestapora.md §21.2)."""
RENEWABLE = timedelta(days=7)
"""How long a token that is over still names its device for a renewal, which takes the device's key besides."""
MAX_LENGTH = 2_048
_REMEMBERED = 1_024
_ALGORITHM = "HS256"
_SKEW_SECONDS = 60
"""How far the clocks of two nodes may be apart."""
Claims = TypeVar("Claims")


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token as it goes to its device."""

    text: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TokenKind(Generic[Claims]):
    """What tells the tokens of one kind of device from all others, and how they name it.

    `purpose` is what their key is derived for, `typ` and `audience` stand in them, and `names` says which of a token's
    claims is which field of `claims`.
    """

    purpose: str
    typ: str
    audience: str
    claims: Callable[..., Claims]
    names: Mapping[str, str]

    @property
    def header(self) -> dict[str, str]:
        """Exactly this: no `kid`, `jku`, `x5u` or `crit` is ever looked at (RFC 8725, 3.1 and 3.11)."""
        return {"alg": _ALGORITHM, "typ": self.typ}


class _Told(NamedTuple, Generic[Claims]):
    """What a token says, in seconds of the epoch."""

    starts: int
    ends: int
    device: Claims


class TokenMaker(Generic[Claims]):
    """Makes and reads the tokens of one instance's devices of one kind, with a key that signs nothing else."""

    def __init__(self, secret: bytes, kind: TokenKind[Claims]) -> None:
        self._kind = kind
        self._key = OctKey.import_key(derive_key(secret, kind.purpose))
        # A device shows the same token with every scan of a day: that we made it is found out once.
        self._claims = lru_cache(maxsize=_REMEMBERED)(self._decode)

    def make(self, claims: Claims, *, now: float | None = None) -> NewToken:
        """A token for a device, for a day."""
        at = int(time.time() if now is None else now)
        ends = at + int(LIFE.total_seconds())
        named = {name: str(getattr(claims, field)) for name, field in self._kind.names.items()}
        told = {"aud": self._kind.audience, **named, "iat": at, "nbf": at, "exp": ends}
        text = jwt.encode(self._kind.header, told, self._key, algorithms=[_ALGORITHM])
        return NewToken(text, datetime.fromtimestamp(ends, UTC))

    def read(self, token: str) -> Claims | None:
        """The device that the token is for; none when we did not make it or it is not valid now."""
        return self._read(token, timedelta())

    def read_for_renewal(self, token: str) -> Claims | None:
        """The same for a token that may be over, but not for long; by itself it opens nothing."""
        return self._read(token, RENEWABLE)

    def _read(self, token: str, grace: timedelta) -> Claims | None:
        if not _has_our_shape(token):
            return None
        try:
            return _checked(self._claims(token), time.time(), grace.total_seconds())
        except (JoseError, ValueError, TypeError, KeyError):
            return None

    def _decode(self, token: str) -> _Told[Claims]:
        """What a token says that we made; raises for any other, which is not remembered."""
        if _header_of(token) != self._kind.header:
            raise ValueError("not a header of ours")
        claims = jwt.decode(token, self._key, algorithms=[_ALGORITHM]).claims
        starts, ends = claims["nbf"], claims["exp"]
        if not isinstance(starts, int) or not isinstance(ends, int) or claims["aud"] != self._kind.audience:
            raise ValueError("not a token of ours")
        named = {field: UUID(str(claims[name])) for name, field in self._kind.names.items()}
        return _Told(starts, ends, self._kind.claims(**named))


def _has_our_shape(token: str) -> bool:
    return len(token) <= MAX_LENGTH and token.isascii() and token.count(".") == 2


def _header_of(token: str) -> object:
    return json.loads(urlsafe_b64decode(token.partition(".")[0].encode()))


def _checked(told: _Told[Claims], now: float, grace: float) -> Claims | None:
    return told.device if told.starts - _SKEW_SECONDS <= now < told.ends + grace else None
