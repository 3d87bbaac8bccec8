"""What must always hold of legal pages."""

from pesan.db import Invariant
from pesan.tenancy.legal.states import LegalKind

_KINDS = ", ".join(f"('{kind.value}')" for kind in LegalKind)

INVARIANTS = (
    Invariant(
        "legal.every_merchant_has_pages",
        "Every merchant has published terms, a refund policy and a privacy notice.",
        f"SELECT m.id AS merchant_id, k.kind FROM merchants m CROSS JOIN (VALUES {_KINDS}) AS k (kind)"
        " WHERE NOT EXISTS (SELECT 1 FROM legal_versions v WHERE v.merchant_id = m.id AND v.kind = k.kind)",
    ),
    Invariant(
        "legal.versions_count_up",
        "The versions of a legal page are numbered from 1 without a gap.",
        "SELECT merchant_id, kind, count(*) AS versions, max(number) AS newest FROM legal_versions"
        " GROUP BY merchant_id, kind HAVING count(*) <> max(number)",
    ),
)
