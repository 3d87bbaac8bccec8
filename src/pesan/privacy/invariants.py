"""What must always hold of consents."""

from pesan.db import Invariant

INVARIANTS = (
    Invariant(
        "privacy.consent_points_to_a_notice",
        "Every consent points to a privacy notice that its own merchant had published by then.",
        "SELECT c.id AS consent_id FROM consents c JOIN legal_versions v ON v.id = c.version_id"
        " WHERE v.merchant_id <> c.merchant_id OR v.kind <> 'privacy' OR v.published_at > c.given_at",
    ),
    Invariant(
        "privacy.accepted_texts_are_published",
        "What an order's buyer accepted are published texts of its own merchant.",
        "SELECT o.id AS order_id FROM orders o CROSS JOIN unnest(o.legal_ids) AS given (id)"
        " LEFT JOIN legal_versions v ON v.id = given.id AND v.merchant_id = o.merchant_id WHERE v.id IS NULL",
    ),
)
