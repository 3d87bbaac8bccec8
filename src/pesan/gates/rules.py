"""How an event's gates work where nobody said otherwise."""

from datetime import datetime, timedelta

from pesan.gates.states import Reentry, StaticCodes
from pesan.gates.verdict import Rules
from pesan.tickets.states import GRACE

OPENS_BEFORE = timedelta(hours=4)
"""How long before the start the gates let in."""


def effective_rules(
    starts_at: datetime,
    ends_at: datetime,
    *,
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    reentry: str | None = None,
    static_codes: str | None = None,
) -> Rules:
    """The rules that hold, of what an organizer set and of the defaults for the rest."""
    return Rules(
        opens_at=opens_at or starts_at - OPENS_BEFORE,
        closes_at=closes_at or ends_at + GRACE,
        reentry=Reentry(reentry or Reentry.NONE),
        static_codes=StaticCodes(static_codes or StaticCodes.ACCEPT),
    )
