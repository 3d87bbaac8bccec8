"""Standard Webhooks 1.1.0: signed so that a receiver knows who sent a message, and when (protocols.md §7.7)."""

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from hashlib import sha256

_PREFIX = "whsec_"
_SECRET_BYTES = 32


def new_secret() -> str:
    """A secret as the organizer copies it."""
    return _PREFIX + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature, with its version."""
    key = b64decode(secret.removeprefix(_PREFIX), validate=True)
    told = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + b64encode(hmac.new(key, told, sha256).digest()).decode()


def headers_of(given: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """What goes with a body: while a secret is being replaced, there is a signature by each."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(secret, message_id, timestamp, body) for secret in given),
        "content-type": "application/json",
        "user-agent": "Pesan-Webhooks",
    }
