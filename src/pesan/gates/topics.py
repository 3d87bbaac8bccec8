"""The name under which an event's gates hear of changes."""

from uuid import UUID


def topic_of(event_id: UUID) -> str:
    """Hinted at whenever a ticket of the event was scanned, or a gate or device of it changed."""
    return f"gate:{event_id}"
