"""What goes with the body of an outgoing webhook, as Standard Webhooks says (protocols.md §7.7)."""

from collections.abc import Sequence

from pesan.kit.standard_webhooks import ID, SIGNATURE, TIMESTAMP, sign


def headers_of(given: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """What goes with a body: while a secret is being replaced, there is a signature by each."""
    return {
        ID: message_id,
        TIMESTAMP: str(timestamp),
        SIGNATURE: " ".join(sign(secret, message_id, timestamp, body) for secret in given),
        "content-type": "application/json",
        "user-agent": "Pesan-Webhooks",
    }
