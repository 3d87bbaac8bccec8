"""Reading a key and saying what it stands for (protocols §7.1)."""

from hashlib import sha256
from uuid import UUID

import orjson

from pesan.idempotency.errors import KeyInvalid

MAX_LENGTH = 255
OPEN_SCOPE = "open"
_QUOTED = 2


def parse_key(header: str, *, must_be_uuid: bool = False) -> str:
    """The key in a header, as a structured-field string or bare; raises KeyInvalid.

    A caller whom nothing names shares the scope with every other such caller, so only a UUID is unlikely enough.
    """
    key = header.strip()
    if len(key) >= _QUOTED and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not 0 < len(key) <= MAX_LENGTH or not key.isascii() or not key.isprintable():
        raise KeyInvalid
    return _canonical_uuid(key) if must_be_uuid else key


def scope_for(*, user_id: UUID | None, guest_id: str | None) -> tuple[str, bool]:
    """Whose key it is, and whether anything names them: a user, else a guest's cookie, else nobody."""
    if user_id is not None:
        return f"user:{user_id}", True
    if guest_id is not None:
        # The cookie is a credential; the table need not hold it.
        return f"guest:{sha256(guest_id.encode()).hexdigest()[:32]}", True
    return OPEN_SCOPE, False


def fingerprint_of(method: str, path: str, content: bytes) -> bytes:
    """What makes two requests with one key the same request."""
    digest = sha256(f"{method} {path}\n".encode("utf-8", "surrogateescape"))
    digest.update(content)
    return digest.digest()


def canonical_json(body: bytes) -> bytes:
    """JSON without the accidents of spacing and order; anything else as it is."""
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS)
    except (orjson.JSONDecodeError, TypeError):
        return body


def _canonical_uuid(key: str) -> str:
    try:
        return str(UUID(key))
    except ValueError as error:
        raise KeyInvalid from error
