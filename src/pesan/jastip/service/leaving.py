"""Taking back that somebody wanted to hear no more of a trip."""

from uuid import UUID

from pesan.audit import record
from pesan.db import Actor, WriteSession
from pesan.jastip.locks import lock_participant
from pesan.jastip.models import Participant


async def resubscribe(session: WriteSession, participant_id: UUID, *, actor: Actor) -> Participant:
    """Tell somebody of a trip again who had left it; once is enough.

    Raises ParticipantNotFound. **Locks** the participant.
    """
    person = await lock_participant(session, participant_id)
    if person.unsubscribed_at is not None:
        person.unsubscribed_at = None
        await session.flush()
        data = {"event_id": str(person.event_id)}
        await record(session, person, action="participant:trip:back", actor=actor, data=data)
        await session.flush()
    return person
