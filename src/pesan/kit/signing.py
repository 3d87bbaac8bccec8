"""Values that we hand out and must recognise later: each signature names its purpose, and no other accepts it."""

import base64
import hmac
from hashlib import sha256

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class BadSignature(ValueError):
    """The value was not signed by this instance for this purpose, or its time is over."""


def derive_key(secret: bytes, purpose: str, length: int = 32) -> bytes:
    """A key of its own for each purpose, from the instance's one secret (HKDF-SHA256, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=f"pesan:{purpose}".encode()).derive(secret)


def keyed_digest(key: bytes, value: str, size: int = 16) -> bytes:
    """A digest that recognises a personal value without giving it away to whoever lacks the key."""
    return hmac.new(key, value.encode(), sha256).digest()[:size]


class Signer:
    """Signs short texts, with an expiry in whole seconds of the epoch (0 is never)."""

    def __init__(self, secret: bytes, purpose: str) -> None:
        self._key = derive_key(secret, f"sign:{purpose}")

    def sign(self, value: str, expires_at: int = 0) -> str:
        """`value` with its expiry and signature, as one URL-safe token."""
        body = f"{expires_at}.{value}".encode()
        return f"{_encode(body)}.{_encode(self._mac(body))}"

    def unsign(self, token: str, now: float) -> str:
        """The value inside `token`; raises BadSignature when it is not ours or is over at `now`."""
        try:
            body, mac = (_decode(part) for part in token.split("."))
        except ValueError as error:
            raise BadSignature("malformed") from error
        if not hmac.compare_digest(mac, self._mac(body)):
            raise BadSignature("forged")
        expires_at, _, value = body.decode().partition(".")
        if int(expires_at) and now >= int(expires_at):
            raise BadSignature("expired")
        return value

    def _mac(self, body: bytes) -> bytes:
        return hmac.new(self._key, body, sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
