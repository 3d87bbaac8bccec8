"""What a hint looks like on the wire: who sends it, and short digests of topics.

Digests bound the payload, which PostgreSQL limits to 8,000 bytes, and keep ids out of the server's log.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

_KEY_BYTES = 8
_KEY_LENGTH = 2 * _KEY_BYTES
KEYS_PER_PAYLOAD = 400
# More topics than this at once are no longer worth naming.
MAX_KEYS = 5_000
_EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Hint:
    """One notification: topics that changed, everything, or nothing but a sign of life."""

    sender: str
    keys: tuple[str, ...] = ()
    is_everything: bool = False


def topic_key(topic: str) -> str:
    """The digest of a topic."""
    return blake2b(topic.encode(), digest_size=_KEY_BYTES).hexdigest()


def encode(sender: str, keys: Iterable[str]) -> list[str]:
    """The payloads that say of `keys` that they changed; one empty payload when there are none."""
    ordered = sorted(keys)
    if len(ordered) > MAX_KEYS:
        return [f"{sender} {_EVERYTHING}"]
    starts = range(0, max(len(ordered), 1), KEYS_PER_PAYLOAD)
    return [f"{sender} {''.join(ordered[start : start + KEYS_PER_PAYLOAD])}" for start in starts]


def decode(payload: str) -> Hint:
    """The hint in `payload`; what cannot be read means that anything may have changed."""
    sender, _, body = payload.partition(" ")
    if body == _EVERYTHING or len(body) % _KEY_LENGTH:
        return Hint(sender, is_everything=True)
    return Hint(sender, _split(body))


def _split(body: str) -> tuple[str, ...]:
    starts: Sequence[int] = range(0, len(body), _KEY_LENGTH)
    return tuple(body[start : start + _KEY_LENGTH] for start in starts)
