"""The keys by which devices prove themselves, without the database."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

_POINT_LENGTH = 65
_HALF = 32
PROOF_MS = 10 * 60 * 1_000
"""How far from now the time inside a proof may be."""


class KeyKind(StrEnum):
    """How a device proves that it is itself: by a key that its browser does not hand out."""

    ED25519 = "Ed25519"
    ES256 = "ES256"


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """A public key: 32 bytes of Ed25519, or the uncompressed point of P-256 (SEC 1, 2.3.3)."""

    kind: KeyKind
    public: bytes

    @property
    def is_usable(self) -> bool:
        """Whether this is a key of its kind."""
        try:
            self._load()
        except ValueError:
            return False
        return True

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether this key signed `message`; ES256 as browsers make it, r and s side by side (RFC 7518, 3.4)."""
        key = self._load()
        try:
            if isinstance(key, Ed25519PublicKey):
                key.verify(signature, message)
            else:
                key.verify(_der(signature), message, ECDSA(SHA256()))
        except (InvalidSignature, ValueError):
            return False
        return True

    def _load(self) -> Ed25519PublicKey | EllipticCurvePublicKey:
        if self.kind is KeyKind.ED25519:
            return Ed25519PublicKey.from_public_bytes(self.public)
        if len(self.public) != _POINT_LENGTH:
            raise ValueError("not an uncompressed point")
        return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), self.public)


@dataclass(frozen=True, slots=True)
class Proof:
    """A device's signature over its own id and a time, in milliseconds since 1970."""

    at_ms: int
    signature: bytes

    def holds(self, key: DeviceKey, message: bytes, *, now: datetime, after_ms: int) -> bool:
        """Whether `key` signed `message` about now, and after the proof of `after_ms`, so that none serves twice."""
        is_timely = abs(millis(now) - self.at_ms) <= PROOF_MS and self.at_ms > after_ms
        return is_timely and key.verifies(message, self.signature)


def millis(moment: datetime) -> int:
    """Whole milliseconds since 1970."""
    return int(moment.timestamp() * 1000)


def _der(signature: bytes) -> bytes:
    if len(signature) != 2 * _HALF:
        raise ValueError("not two halves")
    return encode_dss_signature(*(int.from_bytes(half) for half in (signature[:_HALF], signature[_HALF:])))
