"""What must always hold of consents and requests."""

from pesan.db import Invariant
from pesan.privacy.states import ERASED

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
    Invariant(
        "privacy.erased_orders_name_nobody",
        "An order that was erased names nobody: no contact, no holder, no proof, no consent in force.",
        "SELECT o.id AS order_id FROM orders o WHERE o.erased_at IS NOT NULL AND (coalesce(o.wa, o.email, o.notes,"
        " o.ip_digest, o.network_digest, o.device_digest, o.ip_country, o.reject_reason) IS NOT NULL"
        f" OR o.buyer_name <> '{ERASED}'"
        f" OR EXISTS (SELECT 1 FROM tickets t WHERE t.order_id = o.id AND t.holder_name <> '{ERASED}')"
        " OR EXISTS (SELECT 1 FROM ticket_transfers f WHERE f.order_id = o.id"
        f" AND (f.from_name <> '{ERASED}' OR f.to_name <> '{ERASED}' OR coalesce(f.to_email, f.to_wa) IS NOT NULL))"
        " OR EXISTS (SELECT 1 FROM payment_proofs p WHERE p.order_id = o.id)"
        " OR EXISTS (SELECT 1 FROM risk_traces r WHERE r.order_id = o.id)"
        " OR EXISTS (SELECT 1 FROM consents c WHERE c.order_id = o.id"
        f" AND (c.withdrawn_at IS NULL OR c.guardian_name <> '{ERASED}')))",
    ),
    Invariant(
        "privacy.approved_is_carried_out",
        "A request that was approved is carried out within an hour: the worker runs.",
        "SELECT id AS request_id, decided_at FROM privacy_requests WHERE state = 'approved'"
        " AND decided_at < clock_timestamp() - interval '1 hour'",
    ),
)
