"""Marks of people: keyed digests that find somebody again and tell nobody who it is."""

import hmac
from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from pesan.kit.signing import derive_key
from pesan.settings import Settings


class Marks:
    """Marks made with one secret; `key_id` names it, so that marks of another secret are not taken for strangers."""

    def __init__(self, secret: bytes) -> None:
        self._key = derive_key(secret, "erasures")
        self.key_id = hmac.new(self._key, b"", sha256).hexdigest()[:8]

    def of(self, merchant_id: UUID, email: str) -> bytes:
        """The mark of an address at one merchant; at another it is a different one."""
        return hmac.new(self._key, merchant_id.bytes + email.encode(), sha256).digest()


def known_marks(settings: Settings) -> Sequence[Marks]:
    """Marks by the instance's secret, and by the one of before where it is given."""
    old = settings.old_secret_key.get_secret_value().encode()
    return [Marks(settings.secret), *([Marks(old)] if old else [])]
