"""What must always hold of outgoing webhooks."""

from pesan.db import Invariant

INVARIANTS = (
    Invariant(
        "hooks.merchants_know_who_listens",
        "A merchant is known to have webhooks exactly while one of its endpoints is on.",
        "SELECT m.id AS merchant_id, m.has_webhooks FROM merchants m WHERE m.has_webhooks <> EXISTS"
        " (SELECT 1 FROM hook_endpoints e WHERE e.merchant_id = m.id AND e.is_active)",
    ),
    Invariant(
        "hooks.endpoints_have_one_secret",
        "Each endpoint has exactly one secret that has no end.",
        "SELECT e.id AS endpoint_id FROM hook_endpoints e WHERE (SELECT count(*) FROM hook_secrets s"
        " WHERE s.endpoint_id = e.id AND s.ends_at IS NULL) <> 1",
    ),
)
