"""Reading an ID token: who the provider says has signed in, and to whom it says so (OpenID Connect Core, §3.1.3.7)."""

import hmac
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from pesan.identity.openid.client import Client

ALGORITHMS = ["RS256", "PS256", "ES256"]
"""Signatures by the provider's private key: never `none`, nor a secret that we know too."""
MAX_LENGTH = 16_384
_SKEW_SECONDS = 60
"""How far the provider's clock may be from ours."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Who signed in, as far as the provider vouches for it."""

    issuer: str
    subject: str
    email: str
    is_verified: bool
    name: str


def read_id_token(token: str, keys: KeySet, client: Client, *, nonce: str, now: float) -> Claims | None:
    """The token's claims; None unless the provider signed it, for us, for this log-in, and it is valid now."""
    if len(token) > MAX_LENGTH:
        return None
    try:
        claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    subject = claims.get("sub")
    is_ours = claims.get("iss") == client.issuer and _is_for(client, claims)
    if not (is_ours and _is_now(claims, now) and isinstance(subject, str) and 0 < len(subject) <= 255):
        return None
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        return None
    return Claims(
        client.issuer,
        subject,
        _text(claims, "email"),
        # Some providers write it as a text; what is merely not false proves nothing.
        claims.get("email_verified") is True or claims.get("email_verified") == "true",
        _text(claims, "name"),
    )


def _is_for(client: Client, claims: dict[str, Any]) -> bool:
    audience = claims.get("aud")
    if isinstance(audience, list) and len(audience) > 1:
        return client.id in audience and claims.get("azp") == client.id
    return audience in (client.id, [client.id]) and claims.get("azp", client.id) == client.id


def _is_now(claims: dict[str, Any], now: float) -> bool:
    issued, ends = _number(claims.get("iat")), _number(claims.get("exp"))
    starts = _number(claims.get("nbf", issued))
    if issued is None or ends is None or starts is None:
        return False
    return max(issued, starts) - _SKEW_SECONDS <= now < ends + _SKEW_SECONDS


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""
