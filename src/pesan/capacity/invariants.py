"""What must always hold of pools and claims."""

from pesan.db import Invariant

INVARIANTS = (
    Invariant(
        "capacity.never_oversold",
        "No pool has more places held and used than it has.",
        "SELECT id AS pool_id, capacity, held, used FROM capacity_pools"
        " WHERE used + held > capacity OR held < 0 OR used < 0",
    ),
    Invariant(
        "capacity.counters_match_claims",
        "Each pool's held and used equal the sums of its claims.",
        "SELECT p.id AS pool_id, p.held, p.used, coalesce(c.held, 0) AS claims_held, coalesce(c.used, 0) AS claims_used"
        " FROM capacity_pools p LEFT JOIN (SELECT pool_id,"
        " sum(quantity) FILTER (WHERE bucket = 'held') AS held, sum(quantity) FILTER (WHERE bucket = 'used') AS used"
        " FROM claims WHERE bucket <> 'released' GROUP BY pool_id) c ON c.pool_id = p.id"
        " WHERE p.held <> coalesce(c.held, 0) OR p.used <> coalesce(c.used, 0)",
    ),
    Invariant(
        "capacity.one_at_a_time",
        "No two claims on one thing overlap.",
        "SELECT a.id AS claim_id, b.id AS other_id, a.resource, a.period FROM claims a JOIN claims b ON a.id < b.id"
        " AND int8range(a.resource, a.resource, '[]') && int8range(b.resource, b.resource, '[]')"
        " AND a.period && b.period AND b.resource IS NOT NULL AND b.bucket <> 'released'"
        " WHERE a.resource IS NOT NULL AND a.bucket <> 'released'",
    ),
)
