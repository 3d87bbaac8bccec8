"""Signing keys, without the database: what a key is, what it may sign, what of it may be shown."""

import base64
import hmac
import json
import secrets
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pesan.tickets import base45

QR_KID_LENGTH = 4
QR_VERSION = 1
_KEY_LENGTH = 32


class Algorithm(StrEnum):
    """How a merchant's tickets are signed; the names are those of JOSE (RFC 7518, RFC 8037)."""

    EDDSA = "EdDSA"
    HS256 = "HS256"

    @property
    def signature_length(self) -> int:
        """Bytes of one signature."""
        return 64 if self is Algorithm.EDDSA else 32


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """What is needed to recognise a signature of one key.

    `material` is the public key of EdDSA. For HS256 it is the secret itself, hence such a key is checked
    online only and never published or handed to a gate.
    """

    merchant_id: UUID
    kid: str
    qr_kid: bytes
    algorithm: Algorithm
    material: bytes

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` over `message` was made by this key."""
        if self.algorithm is Algorithm.HS256:
            return hmac.compare_digest(_mac(self.material, message), signature)
        try:
            _public_key(self.material).verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def public_jwk(self) -> dict[str, str] | None:
        """The key as it stands in a JWK set (RFC 8037); None when nothing of it is public."""
        if self.algorithm is Algorithm.HS256:
            return None
        return {**_public_members(self.material), "kid": self.kid, "alg": self.algorithm, "use": "sig"}


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made; `private` leaves this object only sealed."""

    kid: str
    qr_kid: bytes
    algorithm: Algorithm
    public: bytes
    private: bytes


def generate(algorithm: Algorithm) -> NewKey:
    """A fresh key, named by its thumbprint (RFC 7638).

    An HMAC key has no public part, and its name says nothing about its secret: it is named by random bytes.
    """
    if algorithm is Algorithm.HS256:
        digest = secrets.token_bytes(_KEY_LENGTH)
        return NewKey(_b64(digest), qr_kid(digest), algorithm, b"", secrets.token_bytes(_KEY_LENGTH))
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    digest = thumbprint(public)
    return NewKey(_b64(digest), qr_kid(digest), algorithm, public, private.private_bytes_raw())


def sign(algorithm: Algorithm, private: bytes, message: bytes) -> bytes:
    """The signature of `message`; the same message always gets the same bytes, in both algorithms."""
    if algorithm is Algorithm.HS256:
        return _mac(private, message)
    return Ed25519PrivateKey.from_private_bytes(private).sign(message)


def thumbprint(public: bytes) -> bytes:
    """SHA-256 over the required members of an Ed25519 JWK in lexical order (RFC 7638, RFC 8037 A.3)."""
    return sha256(
        json.dumps(_public_members(public), sort_keys=True, separators=(",", ":")).encode()
    ).digest()


def qr_kid(digest: bytes) -> bytes:
    """The four bytes that name a key inside a QR code, out of its thumbprint.

    They follow the version byte, so they choose the first Base45 character; a window that would make it a
    space is passed over, because whoever pastes a code trims it.
    """
    for start in range(len(digest) - QR_KID_LENGTH):
        window = digest[start : start + QR_KID_LENGTH]
        if not base45.encode(bytes([QR_VERSION]) + window).startswith(" "):
            return window
    raise ValueError("no window of this thumbprint starts with a visible character")


def _public_members(public: bytes) -> dict[str, str]:
    return {"crv": "Ed25519", "kty": "OKP", "x": _b64(public)}


@lru_cache(maxsize=256)
def _public_key(material: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(material)


def _mac(secret: bytes, message: bytes) -> bytes:
    return hmac.new(secret, message, sha256).digest()


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
