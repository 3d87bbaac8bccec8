"""One-time codes: which step a code belongs to, and how secrets and recovery codes are made."""

import hmac
from hashlib import sha256
from uuid import UUID

import pyotp

from pesan.kit.ids import new_code, normalise_code
from pesan.kit.sealing import SealBroken, SecretBox

STEP_SECONDS = 30
DIGITS = 6
SKEW_STEPS = 1
"""A phone's clock may be this many steps off, either way (RFC 6238 §5.2)."""
RECOVERY_CODES = 10
_RECOVERY_LENGTH = 16
_ISSUER = "Pesan"


class CodeSecrets:
    """Makes, seals and opens the secrets of code generators; each opens for its own person only."""

    def __init__(self, secret: bytes) -> None:
        self._box = SecretBox(secret, "code-generators")

    def new(self) -> str:
        """A secret of 160 bits, in the Base32 that apps take."""
        return pyotp.random_base32()

    def seal(self, secret: str, user_id: UUID) -> bytes:
        """The secret as it may be stored."""
        return self._box.close(secret.encode(), str(user_id))

    def find(self, sealed: bytes, user_id: UUID) -> str | None:
        """The secret; None when it was sealed with another secret of the instance, and only a recovery code helps."""
        try:
            return self._box.open(sealed, str(user_id)).decode()
        except SealBroken:
            return None


def find_step(secret: str | None, code: str, now: float, *, after: int) -> int | None:
    """The time step whose code this is, if that step is near `now` and later than `after`."""
    typed = "".join(code.split())
    if secret is None or len(typed) != DIGITS or not typed.isascii() or not typed.isdigit():
        return None
    generator = pyotp.TOTP(secret)
    current = int(now) // STEP_SECONDS
    steps = range(current - SKEW_STEPS, current + SKEW_STEPS + 1)
    # Every step is tried whatever the first one says, so that the time taken tells nothing.
    fitting = [step for step in steps if hmac.compare_digest(generator.generate_otp(step), typed)]
    return next((step for step in fitting if step > after), None)


def setup_address(secret: str, email: str) -> str:
    """What an app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=_ISSUER)


def new_recovery_codes() -> list[str]:
    """Codes to write down, in groups of four."""
    return [_grouped(new_code(_RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]


def recovery_digest(user_id: UUID, code: str) -> bytes:
    """What is kept of a recovery code, whatever case and dashes it is typed with."""
    bare = normalise_code("".join(code.split()).replace("-", ""))
    return sha256(f"{user_id}:{bare}".encode()).digest()


def _grouped(code: str) -> str:
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
