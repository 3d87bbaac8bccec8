"""On whose clocks an event's times are read."""

from typing import Protocol

from pesan.catalog.models import Event


class Clocked(Protocol):
    """Whoever sells something on clocks of their own: a merchant, or what is known of one."""

    @property
    def zone(self) -> str:
        """Its time zone."""
        ...


def zone_of(event: Event, merchant: Clocked) -> str:
    """The zone in which to show an event's times: its own where it has one, as outlets do, else its merchant's."""
    return event.zone or merchant.zone
