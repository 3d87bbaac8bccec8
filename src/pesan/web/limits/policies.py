"""Quotas, and how an answer tells of them (draft-ietf-httpapi-ratelimit-headers-10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Policy:
    """`count` requests in `seconds`, counted from the first one."""

    name: str
    count: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What one caller has used of a policy; `resets_in` is in seconds."""

    policy: Policy
    used: int
    resets_in: float

    @property
    def remaining(self) -> int:
        """How many requests are left until the quota starts anew."""
        return max(0, self.policy.count - self.used)

    @property
    def is_exceeded(self) -> bool:
        """Whether this request was one too many."""
        return self.used > self.policy.count

    @property
    def retry_after(self) -> int:
        """Whole seconds until asking again can succeed."""
        return max(1, ceil(self.resets_in))


# workflow-client-upgraded.md §5, and reliability.md A-89 for the misses.
GENERAL = Policy("api", 100, 60)
HOLD = Policy("hold", 5, 15 * 60)
PROOF = Policy("proof", 3, 15 * 60)
CODE_MISSES = Policy("code-misses", 20, 60)


def limit_headers(usages: Sequence[Usage]) -> list[tuple[bytes, bytes]]:
    """`RateLimit-Policy` and `RateLimit` for every policy that applied."""
    if not usages:
        return []
    policies = ", ".join(
        f'"{usage.policy.name}";q={usage.policy.count};w={usage.policy.seconds}' for usage in usages
    )
    states = ", ".join(f'"{usage.policy.name}";r={usage.remaining};t={usage.retry_after}' for usage in usages)
    return [(b"ratelimit-policy", policies.encode("ascii")), (b"ratelimit", states.encode("ascii"))]
