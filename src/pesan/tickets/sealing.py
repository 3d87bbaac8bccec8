"""Private keys at rest: sealed with a key that only the instance's secret gives."""

from uuid import UUID

from pesan.kit.sealing import SealBroken, SecretBox
from pesan.tickets.errors import KeySealed

PRIVATE = "private"
VERIFYING = "verifying"
"""For HS256, where what verifies is the secret too."""


class Seal:
    """Closes and opens keys; what one secret closed, no other opens."""

    def __init__(self, secret: bytes) -> None:
        self._box = SecretBox(secret, "tickets:signing-keys")

    def close(self, material: bytes, use: str, merchant_id: UUID, kid: str) -> bytes:
        """`material` as it may be stored; it opens only for the same use, merchant and name."""
        return self._box.close(material, _binding(use, merchant_id, kid))

    def open(self, sealed: bytes, use: str, merchant_id: UUID, kid: str) -> bytes:
        """What was closed; raises KeySealed."""
        try:
            return self._box.open(sealed, _binding(use, merchant_id, kid))
        except SealBroken as error:
            raise KeySealed from error


def _binding(use: str, merchant_id: UUID, kid: str) -> str:
    """A sealed key opens only in the row and for the use that it was sealed for."""
    return f"{use}:{merchant_id}:{kid}"
