"""Broadcasts: planned, handed on to the sender, cancelled."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, exists, func, insert, select, update
from sqlalchemy.sql import ColumnElement

from pesan.audit import record
from pesan.chats.models import ChatMessage
from pesan.chats.outbox import say
from pesan.chats.states import MessageState
from pesan.db import Actor, WriteSession
from pesan.errors import InvalidInput
from pesan.jastip.broadcasts import write_message
from pesan.jastip.errors import BroadcastOver, NobodyToTell
from pesan.jastip.links import Links
from pesan.jastip.locks import lock_broadcast, lock_next_recipients, lock_trip
from pesan.jastip.models import Broadcast, BroadcastRecipient, Participant, TripOrder
from pesan.jastip.models.broadcasts import MAX_TEXT
from pesan.jastip.queries.trips import get_trip
from pesan.jastip.states import LIVE_ORDERS, Audience, BroadcastState, JoinState, RecipientState
from pesan.jobs import enqueue
from pesan.kit.i18n import Text
from pesan.kit.ids import new_id
from pesan.orders.models import Order

CHUNK = 500
HAND_ON_TASK = "jastip.hand_on_broadcast"
_BAD_TEXT = Text(id="Tulis 1 sampai {most} huruf.", en="Write 1 to {most} characters.")


async def plan_broadcast(
    session: WriteSession,
    trip_id: UUID,
    *,
    words: str,
    audience: Audience,
    starts_at: datetime | None,
    actor: Actor,
) -> Broadcast:
    """Freeze what is said and to whom; it is said from `starts_at` on, or at once.

    Raises TripNotFound, InvalidInput, NobodyToTell. **Locks** the trip, so that who takes part is one set.
    **Enqueues** what hands it on, where it is not for later.
    """
    said = words.strip()
    if not 1 <= len(said) <= MAX_TEXT:
        raise InvalidInput("text", _BAD_TEXT, most=MAX_TEXT)
    trip, _ = await lock_trip(session, trip_id)
    people = (await session.scalars(audience_of(trip_id, audience))).all()
    if not people:
        raise NobodyToTell
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    broadcast = Broadcast(
        id=new_id(),
        merchant_id=trip.merchant_id,
        event_id=trip_id,
        text=said,
        audience=audience.value,
        recipients=len(people),
        planned_by=actor.user_id,
        starts_at=max(starts_at or now, now),
    )
    session.add(broadcast)
    await session.flush()
    whose = {"merchant_id": trip.merchant_id, "event_id": trip_id, "broadcast_id": broadcast.id}
    rows = [{"id": new_id(), "participant_id": person, "state": "waiting", **whose} for person in people]
    await session.execute(insert(BroadcastRecipient), rows)
    data = {"event_id": str(trip_id), "recipients": len(people), "audience": audience.value}
    await record(session, broadcast, action="broadcast:trip:planned", actor=actor, data=data)
    await session.flush()
    if broadcast.starts_at <= now:
        await enqueue(session, HAND_ON_TASK, broadcast_id=broadcast.id)
    return broadcast


async def cancel_broadcast(session: WriteSession, broadcast_id: UUID, *, actor: Actor) -> None:
    """Tell nobody who was not told yet; raises BroadcastNotFound, BroadcastOver. **Locks** the broadcast.

    What the sender has begun to hand over is not called back.
    """
    broadcast = await lock_broadcast(session, broadcast_id)
    if broadcast.state == BroadcastState.CANCELLED:
        return
    mine = select(BroadcastRecipient.id).where(BroadcastRecipient.broadcast_id == broadcast_id)
    queued = ChatMessage.id.in_(mine), ChatMessage.state == MessageState.QUEUED
    called_back = update(ChatMessage).where(*queued).values(state=MessageState.CANCELLED.value)
    messages = (await session.scalars(called_back.returning(ChatMessage.id))).all()
    waiting = BroadcastRecipient.state == RecipientState.WAITING
    dropped = (
        update(BroadcastRecipient)
        .where(BroadcastRecipient.broadcast_id == broadcast_id, waiting)
        .values(state=RecipientState.CANCELLED.value)
    )
    people = (await session.scalars(dropped.returning(BroadcastRecipient.id))).all()
    if broadcast.state == BroadcastState.DONE and not messages:
        raise BroadcastOver
    broadcast.state, broadcast.ended_at = BroadcastState.CANCELLED.value, func.clock_timestamp()
    await session.flush()
    data = {"not_told": len(messages) + len(people)}
    await record(session, broadcast, action="broadcast:trip:cancelled", actor=actor, data=data)
    await session.flush()


async def hand_on(session: WriteSession, broadcast_id: UUID, *, links: Links, actor: Actor) -> bool:
    """Hand the next chunk of a broadcast to the sender; whether there may be more.

    Whoever died in the middle of a chunk handed on none of it, and a chunk that was handed on is not waiting any more:
    so everybody is told once. Whoever left meanwhile is not. **Locks** the broadcast, then its next recipients.
    """
    broadcast = await lock_broadcast(session, broadcast_id)
    if broadcast.state not in {BroadcastState.PLANNED, BroadcastState.RUNNING}:
        return False
    if broadcast.starts_at > (await session.scalars(select(func.clock_timestamp()))).one():
        return False
    trip = await get_trip(session, broadcast.event_id)
    if trip.trip.is_archived:
        await cancel_broadcast(session, broadcast_id, actor=actor)
        return False
    recipients = await lock_next_recipients(session, broadcast_id, limit=CHUNK)
    if not recipients:
        broadcast.state, broadcast.ended_at = BroadcastState.DONE.value, func.clock_timestamp()
        await session.flush()
        await record(session, broadcast, action="broadcast:trip:handed_on", actor=actor)
        await session.flush()
        return False
    if broadcast.state == BroadcastState.PLANNED:
        broadcast.state, broadcast.begun_at = BroadcastState.RUNNING.value, func.clock_timestamp()
    people = await _read_people(session, recipients)
    told = [each for each in recipients if _wants(people[each.participant_id])]
    await say(
        session, [write_message(broadcast, each, people[each.participant_id], trip, links) for each in told]
    )
    for each in recipients:
        state = RecipientState.HANDED_ON if _wants(people[each.participant_id]) else RecipientState.LEFT
        each.state = state.value
    await session.flush()
    return True


def audience_of(trip_id: UUID, audience: Audience) -> Select[UUID]:
    """Whoever of a trip a broadcast would be for now, by their ids."""
    query = select(Participant.id).where(
        Participant.event_id == trip_id,
        Participant.state == JoinState.JOINED,
        Participant.unsubscribed_at.is_(None),
        Participant.erased_at.is_(None),
    )
    if audience is not Audience.ALL:
        ordered = _has_ordered()
        query = query.where(ordered if audience is Audience.ORDERED else ~ordered)
    return query.order_by(Participant.id)


def _has_ordered() -> ColumnElement[bool]:
    return exists().where(
        TripOrder.participant_id == Participant.id,
        Order.id == TripOrder.order_id,
        Order.state.in_(LIVE_ORDERS),
    )


async def _read_people(
    session: WriteSession, recipients: list[BroadcastRecipient]
) -> dict[UUID, Participant]:
    ids = [each.participant_id for each in recipients]
    found = await session.scalars(select(Participant).where(Participant.id.in_(ids)))
    return {person.id: person for person in found}


def _wants(person: Participant) -> bool:
    return person.unsubscribed_at is None and person.erased_at is None
