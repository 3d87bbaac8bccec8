"""The funnel (seen, held, proof sent, paid) goes to PostHog when a key is set, and nowhere otherwise."""

from typing import Any, Protocol

from pesan.logging.redaction import redact


class Analytics(Protocol):
    """Counts steps of a journey by an id that names nobody."""

    def capture(self, step: str, who: str, properties: dict[str, Any] | None = None) -> None:
        """Note that `who`, a keyed digest, took `step`; never blocks and never raises."""
        ...

    def close(self) -> None:
        """Send what is still waiting."""
        ...


class NullAnalytics:
    """Notes nothing."""

    def capture(self, step: str, who: str, properties: dict[str, Any] | None = None) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class PosthogAnalytics:
    """Sends steps to PostHog from a thread of its own, in batches."""

    def __init__(self, key: str, host: str) -> None:
        try:
            from posthog import Posthog
        except ImportError as error:
            raise RuntimeError("PESAN_POSTHOG_KEY is set: install pesan[observe] or clear it.") from error
        self._client = Posthog(key, host=host or None, disable_geoip=True)

    def capture(self, step: str, who: str, properties: dict[str, Any] | None = None) -> None:
        """Queue one step; PostHog keeps no person profile for it."""
        kept = {**redact(properties or {}), "$process_person_profile": False}
        self._client.capture(step, distinct_id=who, properties=kept)

    def close(self) -> None:
        """Send what is still queued."""
        self._client.shutdown()


def make_analytics(key: str, host: str) -> Analytics:
    """PostHog when there is a key, nothing otherwise."""
    return PosthogAnalytics(key, host) if key else NullAnalytics()
