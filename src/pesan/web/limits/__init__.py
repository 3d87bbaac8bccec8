"""How often one caller may ask: counted for all processes together, in Redis or in PostgreSQL."""

from pesan.web.limits.dependencies import limit, limit_misses
from pesan.web.limits.limiter import Limiter
from pesan.web.limits.policies import CODE_MISSES, GENERAL, HOLD, PROOF, Policy, Usage
from pesan.web.limits.stores import make_counters

__all__ = [
    "CODE_MISSES",
    "GENERAL",
    "HOLD",
    "PROOF",
    "Limiter",
    "Policy",
    "Usage",
    "limit",
    "limit_misses",
    "make_counters",
]
