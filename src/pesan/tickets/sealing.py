"""Private keys at rest: sealed with a key that only the instance's secret gives."""

import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from pesan.kit.signing import derive_key
from pesan.tickets.errors import KeySealed

PRIVATE = "private"
VERIFYING = "verifying"
"""For HS256, where what verifies is the secret too."""
_NONCE_LENGTH = 12


class Seal:
    """Closes and opens keys; what one secret closed, no other opens."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = ChaCha20Poly1305(derive_key(secret, "tickets:signing-keys"))

    def close(self, material: bytes, use: str, merchant_id: UUID, kid: str) -> bytes:
        """`material` as it may be stored; it opens only for the same use, merchant and name."""
        nonce = os.urandom(_NONCE_LENGTH)
        return nonce + self._cipher.encrypt(nonce, material, _binding(use, merchant_id, kid))

    def open(self, sealed: bytes, use: str, merchant_id: UUID, kid: str) -> bytes:
        """What was closed; raises KeySealed."""
        nonce, data = sealed[:_NONCE_LENGTH], sealed[_NONCE_LENGTH:]
        try:
            return self._cipher.decrypt(nonce, data, _binding(use, merchant_id, kid))
        except InvalidTag as error:
            raise KeySealed from error


def _binding(use: str, merchant_id: UUID, kid: str) -> bytes:
    """A sealed key opens only in the row and for the use that it was sealed for."""
    return f"{use}:{merchant_id}:{kid}".encode()
