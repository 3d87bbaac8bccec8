"""Whether a webhook is Meta's: the signature of its bytes, and the challenge by which an address is registered."""

import hashlib
import hmac
import re
from collections.abc import Mapping

HEADER = "X-Hub-Signature-256"
_MAX_CHALLENGE = 256
# Hex is compared whatever its case; `sha1=` and a bare digest are refused (protocols §6.2).
_SIGNED = re.compile(r"sha256=([0-9a-fA-F]{64})")


def is_signed(raw: bytes, header: str | None, secret: str) -> bool:
    """Whether `header` is the signature of these very bytes by the app's secret; never without a secret."""
    given = _SIGNED.fullmatch(header or "")
    if given is None or not secret:
        return False
    wanted = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, given[1].lower())


def verify_challenge(params: Mapping[str, str], token: str) -> str | None:
    """The challenge to answer, as plain text and nothing else, or None where somebody else asks (protocols §6.1)."""
    said, challenge = params.get("hub.verify_token", ""), params.get("hub.challenge", "")
    if not token or params.get("hub.mode") != "subscribe" or not 0 < len(challenge) <= _MAX_CHALLENGE:
        return None
    return challenge if hmac.compare_digest(said.encode(errors="replace"), token.encode()) else None
