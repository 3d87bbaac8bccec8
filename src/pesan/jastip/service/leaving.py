"""Taking back that somebody wanted to hear no more of a trip; of several choices the one that was made last holds."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from pesan.audit import record
from pesan.db import Actor, ReadSession, WriteSession
from pesan.jastip.locks import lock_participant
from pesan.jastip.models import Participant


async def resubscribe(session: WriteSession, participant_id: UUID, *, actor: Actor) -> Participant:
    """Tell somebody of a trip again who had left it; once is enough.

    Raises ParticipantNotFound. **Locks** the participant.
    """
    person = await lock_participant(session, participant_id)
    person.choice_at = await time_of_choice(session, None)
    had_left, person.unsubscribed_at = person.unsubscribed_at is not None, None
    await session.flush()
    if had_left:
        data = {"event_id": str(person.event_id)}
        await record(session, person, action="participant:trip:back", actor=actor, data=data)
        await session.flush()
    return person


async def time_of_choice(session: ReadSession, said_at: datetime | None) -> datetime:
    """When something was said, or now; a clock that is ahead of ours must not shut out later choices."""
    now: datetime = (await session.scalars(select(func.clock_timestamp()))).one()
    return min(said_at or now, now)
