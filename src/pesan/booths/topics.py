"""The name under which whoever looks at an outlet hears of changes."""

from uuid import UUID


def topic_of(event_id: UUID) -> str:
    """Hinted at after every commit that told the outlet's feed something."""
    return f"booths:{event_id}"
