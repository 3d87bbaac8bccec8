"""Those who take part in a trip, with their orders and by whose invitation they came."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import aliased

from pesan.db import ReadSession
from pesan.jastip.models import Participant, TripOrder
from pesan.jastip.states import LIVE_ORDERS, JoinState
from pesan.kit.phone import normalise_phone
from pesan.orders.models import Order

PAGE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who takes part: how many orders of theirs are not over or were sent, and who brought them along."""

    person: Participant
    orders: int
    amount: int
    inviter: str | None


@dataclass(frozen=True, slots=True)
class Members:
    """Those of a trip that match, and how many those are in all."""

    rows: Sequence[Member]
    total: int


async def list_members(session: ReadSession, trip_id: UUID, *, search: str = "", state: str = "") -> Members:
    """Those who take part, the newest first, in one query however many there are."""
    inviter = aliased(Participant)
    orders = (
        select(
            TripOrder.participant_id,
            func.count().label("count"),
            func.sum(Order.total_amount).label("amount"),
        )
        .join(Order, Order.id == TripOrder.order_id)
        .where(TripOrder.event_id == trip_id, Order.state.in_(LIVE_ORDERS))
        .group_by(TripOrder.participant_id)
        .subquery()
    )
    query = (
        select(
            Participant,
            func.coalesce(orders.c.count, 0),
            func.coalesce(orders.c.amount, 0),
            inviter.name,
            func.count().over(),
        )
        .outerjoin(orders, orders.c.participant_id == Participant.id)
        .outerjoin(inviter, inviter.id == Participant.referred_by)
        .where(Participant.event_id == trip_id, Participant.erased_at.is_(None), *_narrowed(search, state))
        .order_by(Participant.created_at.desc(), Participant.id)
        .limit(PAGE_LENGTH)
    )
    rows = (await session.execute(query)).all()
    members = [Member(person, count, int(amount), name) for person, count, amount, name, _ in rows]
    return Members(members, rows[0][4] if rows else 0)


def _narrowed(search: str, state: str) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if state == "left":
        found.append(Participant.unsubscribed_at.is_not(None))
    elif state in set(JoinState):
        found += [Participant.state == state, Participant.unsubscribed_at.is_(None)]
    if search:
        pattern = "%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        named = Participant.name.ilike(pattern, escape="\\")
        found.append(or_(named, Participant.wa == _phone(search)))
    return found


def _phone(search: str) -> str:
    try:
        return normalise_phone(search)
    except ValueError:
        return ""
