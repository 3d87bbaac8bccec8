"""Counting a request against a policy, and refusing the one too many."""

from functools import lru_cache

from sqlalchemy.exc import SQLAlchemyError

from pesan.errors import PesanError
from pesan.kit.metrics import RATE_LIMITED
from pesan.kit.signing import derive_key, keyed_digest
from pesan.logging import get_logger
from pesan.web.context import RequestContext
from pesan.web.errors import TooManyRequests
from pesan.web.limits.counters import Counters, Hit, NullCounters
from pesan.web.limits.policies import Policy, Usage
from pesan.web.proxies import client_group

log = get_logger(__name__)


class Limiter:
    """Counts callers by a keyed digest of their address, so that no address is stored.

    An IPv6 caller counts as its /64. Letter case, slashes, methods and headers cannot make a caller look new, because
    nothing of the request but the socket's peer (or what a trusted proxy says of it) goes into the key.
    """

    def __init__(self, counters: Counters, secret: bytes) -> None:
        self._counters = counters
        self._key = derive_key(secret, "peer")
        self._digest = lru_cache(maxsize=8192)(self.digest_of)
        self.is_on = not isinstance(counters, NullCounters)

    def digest(self, client_ip: str) -> str:
        """What stands for a caller wherever one must be recognised again."""
        return self._digest(client_group(client_ip))

    def digest_network(self, network: str) -> str:
        """What stands for the network around a caller."""
        return self._digest(f"network:{network}")

    def digest_of(self, subject: str) -> str:
        """What stands for an account, a contact or a cookie."""
        return keyed_digest(self._key, subject).hex()

    async def hit(self, context: RequestContext, policy: Policy, who: str | None = None) -> None:
        """Count this request; raises TooManyRequests when it is one too many.

        `who` names what is counted when it is not the caller's address: an account, a contact.
        """
        await self._count(context, policy, who, 1)

    async def look(self, context: RequestContext, policy: Policy, who: str | None = None) -> None:
        """Raise TooManyRequests when the quota is used up already; counts nothing."""
        await self._count(context, policy, who, 0)

    async def close(self) -> None:
        """Let go of the store."""
        await self._counters.close()

    async def _count(self, context: RequestContext, policy: Policy, who: str | None, amount: int) -> None:
        if not self.is_on:
            return
        subject = self.digest_of(who) if who else self.digest(context.client_ip)
        try:
            tally = await self._counters.add(Hit(f"{policy.name}:{subject}", policy.seconds, amount))
        except (PesanError, SQLAlchemyError, OSError) as error:
            # With the database away the request itself says so; a limit that cannot count refuses nobody.
            log.warning("a rate limit could not count", policy=policy.name, error=type(error).__name__)
            return
        usage = Usage(policy, tally.count if amount else tally.count + 1, tally.resets_in)
        _note(context, usage, is_counted=bool(amount))


def _note(context: RequestContext, usage: Usage, *, is_counted: bool) -> None:
    if is_counted:
        context.usages.append(usage)
    if usage.is_exceeded:
        RATE_LIMITED.inc(usage.policy.name)
        raise TooManyRequests(usage.policy.name, usage.retry_after)
