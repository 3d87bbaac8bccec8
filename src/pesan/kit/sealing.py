"""Secrets at rest: sealed with a key that only the instance's secret gives."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from pesan.kit.signing import derive_key

_NONCE_LENGTH = 12


class SealBroken(ValueError):
    """It was sealed with another secret of the instance, for another place, or it was tampered with."""


class SecretBox:
    """Closes and opens secrets of one purpose; what one secret of the instance closed, no other opens."""

    def __init__(self, secret: bytes, purpose: str) -> None:
        self._cipher = ChaCha20Poly1305(derive_key(secret, purpose))

    def close(self, material: bytes, binding: str) -> bytes:
        """`material` as it may be stored; it opens only with the same `binding`, which names its place."""
        nonce = os.urandom(_NONCE_LENGTH)
        return nonce + self._cipher.encrypt(nonce, material, binding.encode())

    def open(self, sealed: bytes, binding: str) -> bytes:
        """What was closed; raises SealBroken."""
        nonce, data = sealed[:_NONCE_LENGTH], sealed[_NONCE_LENGTH:]
        try:
            return self._cipher.decrypt(nonce, data, binding.encode())
        except (InvalidTag, ValueError) as error:  # too short to hold a nonce is a ValueError
            raise SealBroken from error
