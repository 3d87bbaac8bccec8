"""Every read of broadcasts: what was planned, and how far it came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import orjson
from sqlalchemy import case, func, select

from pesan.chats.models import ChatMessage
from pesan.chats.states import MessageState
from pesan.db import ReadSession
from pesan.jastip.errors import BroadcastNotFound
from pesan.jastip.models import Broadcast, BroadcastRecipient
from pesan.jastip.states import BroadcastState, RecipientState

_MOST_DUE = 100


@dataclass(frozen=True, slots=True)
class Progress:
    """A broadcast, with its recipients counted by where they stand.

    That is the state of their message; `waiting`, `left` and `cancelled` have none, or none that leaves.
    """

    broadcast: Broadcast
    counts: Mapping[str, int]

    @property
    def reached(self) -> int:
        """Whom it left for, as far as WhatsApp took it."""
        taken = (MessageState.ACCEPTED, MessageState.SENT, MessageState.DELIVERED, MessageState.READ)
        return sum(self.counts.get(state.value, 0) for state in taken)

    @property
    def open(self) -> int:
        """Who is still to be told."""
        waits = (RecipientState.WAITING.value, MessageState.QUEUED.value, MessageState.SENDING.value)
        return sum(self.counts.get(state, 0) for state in waits)


async def list_due_broadcasts(session: ReadSession) -> Sequence[UUID]:
    """Those that should be handed on by now and are not."""
    unfinished = Broadcast.state.in_([BroadcastState.PLANNED, BroadcastState.RUNNING])
    query = (
        select(Broadcast.id)
        .where(unfinished, Broadcast.starts_at <= func.clock_timestamp())
        .order_by(Broadcast.starts_at)
    )
    return (await session.scalars(query.limit(_MOST_DUE))).all()


async def get_progress(session: ReadSession, broadcast_id: UUID) -> Progress:
    """How far a broadcast came, if the session's actor may see it; raises BroadcastNotFound."""
    broadcast = await session.get(Broadcast, broadcast_id, populate_existing=True)
    if broadcast is None:
        raise BroadcastNotFound
    return (await _with_counts(session, [broadcast]))[0]


async def list_broadcasts(session: ReadSession, trip_id: UUID, *, limit: int = 50) -> list[Progress]:
    """A trip's broadcasts, the latest first."""
    query = select(Broadcast).where(Broadcast.event_id == trip_id)
    found = await session.scalars(query.order_by(Broadcast.created_at.desc(), Broadcast.id).limit(limit))
    return await _with_counts(session, found.all())


def version_of(progresses: Sequence[Progress]) -> str:
    """Differs whenever what these broadcasts came to does."""
    told = [
        (str(each.broadcast.id), each.broadcast.state, sorted(each.counts.items())) for each in progresses
    ]
    return sha256(orjson.dumps(told)).hexdigest()[:16]


async def _with_counts(session: ReadSession, broadcasts: Sequence[Broadcast]) -> list[Progress]:
    counts: dict[UUID, dict[str, int]] = {broadcast.id: {} for broadcast in broadcasts}
    is_handed_on = BroadcastRecipient.state == RecipientState.HANDED_ON
    stands = case((is_handed_on, ChatMessage.state), else_=BroadcastRecipient.state)
    query = (
        select(BroadcastRecipient.broadcast_id, stands.label("stands"), func.count())
        .outerjoin(ChatMessage, ChatMessage.id == BroadcastRecipient.id)
        .where(BroadcastRecipient.broadcast_id.in_(counts))
        .group_by(BroadcastRecipient.broadcast_id, stands)
    )
    for broadcast_id, state, count in await session.execute(query):
        counts[broadcast_id][state] = count
    return [Progress(broadcast, counts[broadcast.id]) for broadcast in broadcasts]
