"""Who is told when messages move: by the event that they are about."""

from uuid import UUID


def topic_of(event_id: UUID) -> str:
    """The topic of an event's messages."""
    return f"chats:{event_id}"
