"""Every read of who takes part in a trip by what they showed, and of whom they brought along."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from pesan.db import ReadSession
from pesan.jastip.models import Participant, TripOrder


@dataclass(frozen=True, slots=True)
class Invited:
    """By which code others come on somebody's invitation, and how many joined by it."""

    code: str
    came: int


def is_known_as(wa: str | None, user_id: str | None) -> ColumnElement[bool]:
    """Whoever is known by this number or this id; whom WhatsApp named by another id has the number no more."""
    known: list[ColumnElement[bool]] = []
    if user_id:
        known.append(Participant.wa_user_id == user_id)
    if wa:
        is_same = Participant.wa == wa
        known.append(is_same & Participant.wa_user_id.is_(None) if user_id else is_same)
    return or_(*known)


async def list_shown(session: ReadSession, trip_id: UUID, ids: Collection[UUID]) -> Sequence[Participant]:
    """Those of `ids` who take part in this trip and whom the session's actor may see."""
    query = select(Participant).where(
        Participant.event_id == trip_id, Participant.id.in_(ids), Participant.erased_at.is_(None)
    )
    return (await session.scalars(query)).all()


async def find_invited(session: ReadSession, participant_id: UUID) -> Invited | None:
    """Somebody's own invitation; None where they were forgotten meanwhile."""
    found = func.invitation_of(participant_id).table_valued("code", "came")
    row = (await session.execute(select(found.c.code, found.c.came))).one_or_none()
    return Invited(*row) if row else None


async def find_trip_order(session: ReadSession, order_id: UUID) -> TripOrder | None:
    """What a trip's order has beside every order, if the session's actor sees that order."""
    return await session.get(TripOrder, order_id)


async def find_address(session: ReadSession, order_id: UUID) -> str | None:
    """Where in the chat whoever ordered is written to: their number, or the id that WhatsApp gave them for us."""
    query = (
        select(func.coalesce(Participant.wa, Participant.wa_user_id))
        .join(TripOrder, TripOrder.participant_id == Participant.id)
        .where(TripOrder.order_id == order_id)
    )
    return await session.scalar(query)
