"""Standard Webhooks 1.1.0: signed so that a receiver knows who sent a message, and when (protocols.md §7.7)."""

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable
from hashlib import sha256

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
"""The headers that go with a body."""
TOLERANCE_SECONDS = 300
_PREFIX = "whsec_"
_SECRET_BYTES = 32
# While a secret is being replaced there are two; whoever sends a hundred wants them all compared.
_MOST_SIGNATURES = 8


def new_secret() -> str:
    """A secret as people copy it."""
    return _PREFIX + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature, with its version."""
    key = b64decode(secret.removeprefix(_PREFIX), validate=True)
    told = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + b64encode(hmac.new(key, told, sha256).digest()).decode()


def is_signed(given: str, expected: Iterable[str]) -> bool:
    """Whether a header of signatures holds one of those expected, in a time that tells nothing of them."""
    # As bytes, because texts beyond ASCII cannot be compared so.
    parts = [part.encode() for part in given.split(" ")[:_MOST_SIGNATURES]]
    return any([hmac.compare_digest(part, one.encode()) for one in expected for part in parts])  # noqa: C419  all of them
