"""What an outlet's feed tells of."""

from enum import StrEnum


class FeedKind(StrEnum):
    """The kinds of events that reach everybody who looks at an outlet (booth-backoffice.md §9).

    The first four are the document's. SESSION_CHANGED is every other change of a session's state, OUTLET_CHANGED
    whatever changed in the outlet itself: its booths, its hours, how long a session is.
    """

    SESSION_APPROVED = "SESSION_APPROVED"
    SESSION_REJECTED = "SESSION_REJECTED"
    SESSION_EXPIRED = "SESSION_EXPIRED"
    SESSION_OVERRIDE = "SESSION_OVERRIDE"
    SESSION_CHANGED = "SESSION_CHANGED"
    OUTLET_CHANGED = "OUTLET_CHANGED"
