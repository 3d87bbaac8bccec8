"""The ticket as a compact JWS (RFC 7515), for programs: claims `tid, eid, iat, exp, jti`, nothing about a person."""

import base64
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import OctKey, OKPKey
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64decode

from pesan.tickets.keys import Algorithm, VerifyingKey

MAX_LENGTH = 1024
_TYPE = "JWT"


class BadToken(ValueError):
    """The text is not a token that the key signed."""


@dataclass(frozen=True, slots=True)
class TicketClaims:
    """What a token says of a ticket; times in whole seconds of the epoch."""

    ticket_id: UUID
    event_id: UUID
    issued_at: int
    expires_at: int
    epoch: int = 0

    @property
    def token_id(self) -> str:
        """`jti`: one per ticket and reissue, so that a log tells an old copy from the current one."""
        return f"{self.ticket_id.hex}.{self.epoch}"


def signing_input(claims: TicketClaims, kid: str, algorithm: Algorithm) -> bytes:
    """The bytes that the key signs: header and payload (RFC 7515 §5.1)."""
    header = {"alg": algorithm, "kid": kid, "typ": _TYPE}
    return f"{_encode(header)}.{_encode(_payload(claims))}".encode()


def assemble(message: bytes, signature: bytes) -> str:
    """The token, from what was signed and its signature."""
    return f"{message.decode()}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def read_kid(text: str) -> str:
    """The name of the key that a token claims, before anything in it is believed.

    Raises BadToken when the header is not exactly the one that we write: no `crit`, no `jku`, no key inside.
    """
    if len(text) > MAX_LENGTH or not text.isascii() or text.count(".") != 2:
        raise BadToken("not a token")
    try:
        header = json.loads(urlsafe_b64decode(text.partition(".")[0].encode()))
    except (ValueError, RecursionError) as error:
        raise BadToken("no header") from error
    if not isinstance(header, dict) or set(header) != {"alg", "kid", "typ"} or header["typ"] != _TYPE:
        raise BadToken("not our header")
    if not isinstance(header["kid"], str):
        raise BadToken("not a kid")
    return header["kid"]


def check(text: str, key: VerifyingKey) -> TicketClaims:
    """The claims of a token that `key` signed; raises BadToken otherwise.

    The algorithm is the key's: what the header names must be the same, and is never chosen by it. Whether the time
    is over is for the caller to say.
    """
    if read_kid(text) != key.kid:
        raise BadToken("another key")
    try:
        token = jws.deserialize_compact(text, _jose_key(key), registry=_OneAlgorithm(key.algorithm))
        return _claims(json.loads(token.payload))
    except (JoseError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise BadToken("forged or damaged") from error


class _OneAlgorithm(JWSRegistry):
    """Knows only the key's algorithm. `EdDSA` is what libraries read; RFC 9864's `Ed25519` pins the curve."""

    def __init__(self, algorithm: Algorithm) -> None:
        self._name = algorithm.value
        super().__init__(algorithms=["Ed25519" if algorithm is Algorithm.EDDSA else algorithm.value])

    def get_alg(self, name: str) -> Any:
        if name != self._name or self.allowed is None:
            raise UnsupportedAlgorithmError("not the algorithm of this key")
        return super().get_alg(*self.allowed)


def _jose_key(key: VerifyingKey) -> OctKey | OKPKey:
    if key.algorithm is Algorithm.HS256:
        return OctKey.import_key(key.material)
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": _b64(key.material)})


def _claims(payload: Any) -> TicketClaims:
    if not isinstance(payload, dict) or set(payload) != {"tid", "eid", "iat", "exp", "jti"}:
        raise ValueError("not our claims")
    claims = TicketClaims(
        UUID(_text(payload["tid"])),
        UUID(_text(payload["eid"])),
        _seconds(payload["iat"]),
        _seconds(payload["exp"]),
        int(_text(payload["jti"]).rpartition(".")[2]),
    )
    if _payload(claims) != payload:
        raise ValueError("not how we write them")
    return claims


def _payload(claims: TicketClaims) -> dict[str, Any]:
    return {
        "tid": str(claims.ticket_id),
        "eid": str(claims.event_id),
        "iat": claims.issued_at,
        "exp": claims.expires_at,
        "jti": claims.token_id,
    }


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    return value


def _seconds(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("not whole seconds")
    return value


def _encode(member: dict[str, Any]) -> str:
    return _b64(json.dumps(member, separators=(",", ":")).encode())


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
