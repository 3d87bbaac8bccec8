"""Pairing codes: what a person shows and another device types, once and soon. Their rows are for each desk to keep."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol

from pesan.identity.devices.keys import DeviceKey
from pesan.kit.ids import new_code, normalise_code
from pesan.kit.signing import derive_key

CODE_LENGTH = 8
LIFE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Pairing:
    """A code as it is shown, this once."""

    code: str
    expires_at: datetime

    @property
    def shown(self) -> str:
        """The code in two halves, as people read it."""
        half = CODE_LENGTH // 2
        return f"{self.code[:half]}-{self.code[half:]}"


@dataclass(frozen=True, slots=True)
class NewDevice:
    """What a device says of itself when it joins."""

    name: str
    key: DeviceKey
    app_version: str


class KeptCode(Protocol):
    """What a desk keeps of a code."""

    expires_at: datetime
    used_at: datetime | None


def new_pairing(now: datetime) -> Pairing:
    """A code that is good from now on, for ten minutes."""
    return Pairing(new_code(CODE_LENGTH), now + LIFE)


def is_good(kept: KeptCode, now: datetime) -> bool:
    """Whether a code may still be used, asked under its lock: of two devices that show it one joins."""
    return kept.used_at is None and now < kept.expires_at


def digest_of(secret: bytes, purpose: str, code: str) -> bytes:
    """What is kept of a code, as a person typed it: whoever reads the table learns none that still works."""
    return hmac.new(derive_key(secret, purpose), normalise_code(code).encode(), sha256).digest()
