"""Those who take part in a trip, with their orders and by whose invitation they came."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from pesan.db import ReadSession
from pesan.jastip.models import Participant, TripOrder
from pesan.jastip.states import LIVE_ORDERS, JoinState
from pesan.kit.pagination import decode_moment, encode_moment
from pesan.orders.models import Order

PAGE_LENGTH = 50
_FEWEST_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who takes part: how many orders of theirs are not over or were sent, and who brought them along."""

    person: Participant
    orders: int
    amount: int
    inviter: str | None


@dataclass(frozen=True, slots=True)
class Members:
    """A page of those of a trip that match, how many those are in all, and the cursor of the next page."""

    rows: Sequence[Member]
    total: int
    next_cursor: str | None


async def list_members(
    session: ReadSession,
    trip_id: UUID,
    *,
    search: str = "",
    state: str = "",
    cursor: str | None = None,
    limit: int = PAGE_LENGTH,
) -> Members:
    """Those who take part, the newest first, in three queries however many there are; raises BadCursor."""
    inviter = aliased(Participant)
    matching = Participant.event_id == trip_id, Participant.erased_at.is_(None), *_narrowed(search, state)
    query = (
        select(Participant, inviter.name)
        .outerjoin(inviter, inviter.id == Participant.referred_by)
        .where(*matching)
        .order_by(Participant.created_at.desc(), Participant.id.desc())
    )
    if cursor:
        query = query.where(tuple_(Participant.created_at, Participant.id) < tuple_(*decode_moment(cursor)))
    rows = (await session.execute(query.limit(limit + 1))).all()
    shown = rows[:limit]
    orders = await _orders_of(session, [person.id for person, _ in shown])
    total = (await session.scalars(select(func.count()).select_from(Participant).where(*matching))).one()
    last = shown[-1][0] if len(rows) > limit else None
    return Members(
        [Member(person, *orders.get(person.id, (0, 0)), name) for person, name in shown],
        total,
        encode_moment(last.created_at, last.id) if last else None,
    )


async def _orders_of(session: ReadSession, person_ids: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
    query = (
        select(TripOrder.participant_id, func.count(), func.sum(Order.total_amount))
        .join(Order, Order.id == TripOrder.order_id)
        .where(TripOrder.participant_id.in_(person_ids), Order.state.in_(LIVE_ORDERS))
        .group_by(TripOrder.participant_id)
    )
    return {row[0]: (row[1], int(row[2])) for row in await session.execute(query)}


def _narrowed(search: str, state: str) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if state == "left":
        found.append(Participant.unsubscribed_at.is_not(None))
    elif state in set(JoinState):
        found += [Participant.state == state, Participant.unsubscribed_at.is_(None)]
    if search:
        pattern = "%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        named = Participant.name.ilike(pattern, escape="\\")
        digits = re.sub(r"\D", "", search).lstrip("0")
        is_number = len(digits) >= _FEWEST_DIGITS and not re.search(r"[^\d\s()+.-]", search)
        found.append(or_(named, Participant.wa.contains(digits)) if is_number else named)
    return found
