"""What every webhook's reader needs: bytes compared in constant time, JSON that is an object, keys of one length."""

import hmac
from hashlib import sha256

import orjson

from pesan.payments.gateways.base import Account
from pesan.payments.gateways.errors import NoticeUnreadable, SignatureInvalid
from pesan.payments.gateways.wire import Json

_LONGEST_KEY = 200


def notice_secret(account: Account, name: str) -> str:
    """The secret that proves a webhook; raises SignatureInvalid where there is none: an empty one proves nothing."""
    secret = account.secrets.get(name, "").strip()
    if not secret:
        raise SignatureInvalid
    return secret


def require_same(given: str | None, expected: str) -> None:
    """Raise SignatureInvalid unless both are the same, in a time that tells nothing."""
    if not is_same(given or "", expected):
        raise SignatureInvalid


def is_same(given: str, expected: str) -> bool:
    """Whether both are the same, in a time that tells nothing."""
    # As bytes, because texts beyond ASCII cannot be compared so.
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def require_account(account: Account, named: str | None) -> None:
    """Raise SignatureInvalid where a notice names another merchant than the one whose secret it carries."""
    if account.account_id and named and named != account.account_id:
        raise SignatureInvalid


def read_object(body: bytes) -> Json:
    """The JSON object of a body; raises NoticeUnreadable for anything else."""
    try:
        parsed = orjson.loads(body)
    except ValueError:
        raise NoticeUnreadable from None
    if not isinstance(parsed, dict):
        raise NoticeUnreadable
    return parsed


def event_key(*parts: object) -> str:
    """One text for one event, of a length that fits a column whatever a sender writes."""
    key = ":".join("" if part is None else str(part) for part in parts)
    return key if len(key) <= _LONGEST_KEY else sha256(key.encode("utf-8", "replace")).hexdigest()
