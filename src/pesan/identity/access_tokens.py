"""Access tokens of programs: short-lived JWTs that name a session, which is asked each time whether it lives."""

import json
import time
from dataclasses import dataclass
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.util import urlsafe_b64decode

from pesan.identity.policies import SignedIn
from pesan.identity.states import ACCESS_LIFE
from pesan.kit.ids import new_id
from pesan.kit.signing import derive_key

MAX_LENGTH = 2_048
_ALGORITHM = "HS256"
# Exactly this and nothing else: no `kid`, `jku`, `x5u` or `crit` is ever looked at (RFC 8725, 3.1 and 3.11).
_HEADER = {"alg": _ALGORITHM, "typ": "at+jwt"}
_AUDIENCE = "pesan-api"
_ISSUER = "pesan"
_SKEW_SECONDS = 60
"""How far the clocks of two nodes may be apart."""


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """Whom a token speaks for, by which session."""

    user_id: UUID
    session_id: UUID


class AccessTokens:
    """Makes and reads the access tokens of one instance, with a key that signs nothing else."""

    def __init__(self, secret: bytes) -> None:
        self._key = OctKey.import_key(derive_key(secret, "access-token"))

    def make(self, person: SignedIn, slug: str | None, *, now: float | None = None) -> str:
        """A token for a person's session; `sub`, `slug` and `email` are as jastipin.md §10 names them."""
        at = int(time.time() if now is None else now)
        claims = {
            "iss": _ISSUER,
            "aud": _AUDIENCE,
            "sub": str(person.user_id),
            "sid": str(person.session_id),
            "slug": slug,
            "email": person.email,
            "iat": at,
            "nbf": at,
            "exp": at + int(ACCESS_LIFE.total_seconds()),
            "jti": new_id().hex,
        }
        return jwt.encode(_HEADER, claims, self._key, algorithms=[_ALGORITHM])

    def read(self, token: str) -> AccessClaims | None:
        """Whom the token speaks for; nobody when it is not one that we made and that is valid now."""
        if not _has_our_header(token):
            return None
        try:
            claims = jwt.decode(token, self._key, algorithms=[_ALGORITHM]).claims
            return _checked(claims, time.time())
        except (JoseError, ValueError, TypeError, KeyError):
            return None


def _has_our_header(token: str) -> bool:
    if len(token) > MAX_LENGTH or not token.isascii() or token.count(".") != 2:
        return False
    try:
        return bool(json.loads(urlsafe_b64decode(token.partition(".")[0].encode())) == _HEADER)
    except ValueError:
        return False


def _checked(claims: dict[str, object], now: float) -> AccessClaims | None:
    starts, ends = claims["nbf"], claims["exp"]
    if not isinstance(starts, int) or not isinstance(ends, int):
        return None
    is_ours = claims["iss"] == _ISSUER and claims["aud"] == _AUDIENCE
    if not is_ours or not starts - _SKEW_SECONDS <= now < ends:
        return None
    return AccessClaims(UUID(str(claims["sub"])), UUID(str(claims["sid"])))
