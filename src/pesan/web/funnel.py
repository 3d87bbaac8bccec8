"""The steps of a journey, for PostHog when a key is set: which route, never who or what."""

from pesan.logging import Analytics, NullAnalytics
from pesan.web.context import UNMATCHED, RequestContext
from pesan.web.guests import known_guest
from pesan.web.limits.limiter import Limiter

_MACHINES = ("/healthz", "/readyz", "/metrics", "/static", "/backoffice", "/organizer")
_FAILED = 400


class Funnel:
    """Notes every answered request of a visitor under its route's template."""

    def __init__(self, analytics: Analytics, limiter: Limiter) -> None:
        self._analytics = analytics
        self._limiter = limiter
        self.is_on = not isinstance(analytics, NullAnalytics)

    def note(self, context: RequestContext, status: int) -> None:
        """One step by whoever the cookie or the address stands for; a keyed digest of either."""
        route = context.route
        if status >= _FAILED or route == UNMATCHED or route.startswith(_MACHINES):
            return
        guest = known_guest(context)
        who = self._limiter.digest_of(guest) if guest else self._limiter.digest(context.client_ip)
        self._analytics.capture(f"{context.scope['method']} {route}", who, {"status": status})

    def close(self) -> None:
        """Send what is still waiting."""
        self._analytics.close()
