"""Taking part in a trip: joining from the chat, from a page or by the jastiper's hand, and leaving."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from pesan.audit import record
from pesan.db import Actor, WriteSession
from pesan.db.waits import violates
from pesan.jastip.errors import AlreadyJoined, TripClosed
from pesan.jastip.locks import lock_participant
from pesan.jastip.models import Participant
from pesan.jastip.queries.takers import is_known_as
from pesan.jastip.queries.trips import TripView
from pesan.jastip.service.leaving import time_of_choice
from pesan.jastip.states import JoinState
from pesan.kit.i18n import DEFAULT_LOCALE, Locale
from pesan.kit.ids import new_code, new_id

REFERRAL_CODE_LENGTH = 8


class JoinOutcome(StrEnum):
    """What joining came to."""

    JOINED = "joined"
    CONFIRMED = "confirmed"
    """They had joined on a page, and the number is known to be theirs now."""
    BACK = "back"
    """They had left, or were told no more, and are again."""
    KNOWN = "known"
    """They took part already; at most their number or id is known since."""


@dataclass(frozen=True, slots=True)
class Joiner:
    """Who joins: a name, and the number (E.164) or the id that WhatsApp gave them for us.

    `id` is what they are known by from then on; a guest's actor names it among its `participant_ids`.
    """

    name: str
    wa: str | None = None
    wa_user_id: str | None = None
    locale: Locale = DEFAULT_LOCALE
    referral_code: str | None = None
    id: UUID | None = None


async def add_participant(
    session: WriteSession, trip: TripView, joiner: Joiner, *, state: JoinState, actor: Actor
) -> Participant:
    """Somebody new on a page (pending) or by the jastiper's hand; raises TripClosed, AlreadyJoined."""
    _require_open(trip)
    person = await _new(session, trip, joiner, state)
    session.add(person)
    try:
        await session.flush()
    except IntegrityError as error:
        if violates(error, "uq_participants_event_id_wa"):
            raise AlreadyJoined from error
        raise
    await _note(session, person, "participant:trip:joined", actor, state=state.value)
    return person


async def join_from_chat(
    session: WriteSession, trip: TripView, joiner: Joiner, *, actor: Actor, said_at: datetime | None = None
) -> tuple[Participant, JoinOutcome]:
    """What a JOIN message does, however often it comes: whoever writes it takes part, and is told things again.

    One that was said before they last left, and comes after it, brings nobody back. Raises TripClosed. **Locks** the
    participant who is there, and who had the number before. Runs as the system, one person at a time: the job that
    calls it holds their lock.
    """
    _require_open(trip)
    await _free_number(session, trip.trip.event_id, joiner, actor)
    known = await _list_known(session, trip.trip.event_id, joiner)
    at = await time_of_choice(session, said_at)
    if not known:
        person = await _new(session, trip, joiner, JoinState.JOINED)
        person.choice_at = at
        session.add(person)
        await session.flush()
        await _note(session, person, "participant:trip:joined", actor, state=JoinState.JOINED.value)
        return person, JoinOutcome.JOINED
    person = await _pick(session, known, at)
    outcome = _outcome_of(person)
    if person.unsubscribed_at is not None and person.choice_at is not None and at <= person.choice_at:
        return person, JoinOutcome.KNOWN
    person.choice_at = max(person.choice_at or at, at)
    is_news = _complete(person, joiner, [other for other in known if other.id != person.id])
    if outcome is not JoinOutcome.KNOWN:
        person.state, person.unsubscribed_at = JoinState.JOINED.value, None
        person.joined_at = person.joined_at or func.clock_timestamp()
    # On the page anybody may have written any name beside this number.
    person.name = joiner.name if outcome is JoinOutcome.CONFIRMED else person.name
    await session.flush()
    if is_news or outcome is not JoinOutcome.KNOWN:
        await _note(session, person, f"participant:trip:{outcome.value}", actor)
    return person, outcome


async def _pick(session: WriteSession, known: Sequence[Participant], at: datetime) -> Participant:
    """Who takes part, as they are now, locked; where nothing is news to them, who only said so with their number."""
    person = await lock_participant(session, known[0].id)
    pending = next((other for other in known[1:] if other.state == JoinState.PENDING), None)
    if pending is None or _outcome_of(person) is not JoinOutcome.KNOWN:
        return person
    person.choice_at = max(person.choice_at or at, at)
    return await lock_participant(session, pending.id)


def _complete(person: Participant, joiner: Joiner, others: Sequence[Participant]) -> bool:
    """Note the number and the id that somebody wrote with, where they were not known by it; whether one was new.

    Who is known twice, by number and by id, stays so: neither row can have what is the other's.
    """
    before = person.wa, person.wa_user_id
    person.wa = person.wa or _unless_taken(joiner.wa, [other.wa for other in others])
    taken = [other.wa_user_id for other in others]
    person.wa_user_id = person.wa_user_id or _unless_taken(joiner.wa_user_id, taken)
    return before != (person.wa, person.wa_user_id)


def _unless_taken(address: str | None, taken: Sequence[str | None]) -> str | None:
    return None if address in taken else address


async def unsubscribe(
    session: WriteSession, participant_id: UUID, *, actor: Actor, said_at: datetime | None = None
) -> Participant:
    """Tell somebody nothing more of a trip but what they ask and what becomes of their own orders; once is enough.

    What was said before their last choice changes nothing; of a stop and a return within one second, by which WhatsApp
    counts, the stop holds. Raises ParticipantNotFound. **Locks** the participant.
    """
    person = await lock_participant(session, participant_id)
    at = await time_of_choice(session, said_at)
    if person.choice_at is not None and at < person.choice_at:
        return person
    person.choice_at = at
    is_new = person.unsubscribed_at is None
    person.unsubscribed_at = person.unsubscribed_at or at
    await session.flush()
    if is_new:
        await _note(session, person, "participant:trip:unsubscribed", actor)
    return person


def _require_open(trip: TripView) -> None:
    if not trip.is_open:
        raise TripClosed


def _outcome_of(person: Participant) -> JoinOutcome:
    if person.state == JoinState.PENDING:
        return JoinOutcome.CONFIRMED
    return JoinOutcome.BACK if person.unsubscribed_at else JoinOutcome.KNOWN


async def _free_number(session: WriteSession, trip_id: UUID, joiner: Joiner, actor: Actor) -> None:
    """Whoever had the number and is known by another id has it no more: a trip knows a number once."""
    if joiner.wa is None or joiner.wa_user_id is None:
        return
    of_another = Participant.wa == joiner.wa, Participant.wa_user_id != joiner.wa_user_id
    query = select(Participant.id).where(Participant.event_id == trip_id, *of_another)
    for former_id in (await session.scalars(query)).all():
        former = await lock_participant(session, former_id)
        former.wa = None
        await session.flush()
        await _note(session, former, "participant:trip:number_gone", actor)


async def _list_known(session: WriteSession, trip_id: UUID, joiner: Joiner) -> Sequence[Participant]:
    """Whoever is known by the number or by the id, who takes part before who only said so."""
    is_same = is_known_as(joiner.wa, joiner.wa_user_id)
    query = select(Participant).where(Participant.event_id == trip_id, is_same)
    first = Participant.state != JoinState.JOINED, Participant.created_at, Participant.id
    return (await session.scalars(query.order_by(*first))).all()


async def _new(session: WriteSession, trip: TripView, joiner: Joiner, state: JoinState) -> Participant:
    inviter = None
    if joiner.referral_code:
        code = joiner.referral_code.strip().upper()
        inviter = await session.scalar(select(func.find_inviter(trip.trip.event_id, code)))
    return Participant(
        id=joiner.id or new_id(),
        merchant_id=trip.trip.merchant_id,
        event_id=trip.trip.event_id,
        wa=joiner.wa,
        wa_user_id=joiner.wa_user_id,
        name=joiner.name,
        locale=joiner.locale,
        state=state.value,
        referral_code=new_code(REFERRAL_CODE_LENGTH),
        referred_by=inviter,
        joined_at=func.clock_timestamp() if state is JoinState.JOINED else None,
    )


async def _note(
    session: WriteSession, person: Participant, action: str, actor: Actor, *, state: str | None = None
) -> None:
    data = {"event_id": str(person.event_id)} | ({"state": state} if state else {})
    await record(session, person, action=action, actor=actor, data=data)
    await session.flush()
