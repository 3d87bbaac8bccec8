"""What the screen of a booth shows: who is there, and who comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from pesan.booths.models import BoothSession
from pesan.booths.queries.sessions import state_by_clock
from pesan.booths.states import EXPECTED, LIVE, SessionState, is_too_early, standing
from pesan.db import ReadSession
from pesan.orders.models import Order

AHEAD = timedelta(hours=24)
"""How far ahead a screen looks."""
_MOST = 20


@dataclass(frozen=True, slots=True)
class Seen:
    """A session as its booth's screen sees it."""

    session: BoothSession
    customer_name: str
    state: SessionState


@dataclass(frozen=True, slots=True)
class Now:
    """A booth at a moment: the session that runs or may begin now, and the first of the others."""

    at: datetime
    current: Seen | None
    next: Seen | None


async def get_now(session: ReadSession, booth_id: UUID) -> Now:
    """What goes on at the booth by the clock, whatever has been written down of it."""
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    query = (
        select(BoothSession, Order.buyer_name, Order.state)
        .join(Order, Order.id == BoothSession.id)
        .where(
            BoothSession.booth_id == booth_id,
            BoothSession.state.in_(LIVE),
            BoothSession.starts_at < now + AHEAD,
            # What the clock or a refund ended is left out here already, so that it never fills the page.
            state_by_clock().in_([state.value for state in LIVE]),
        )
        .order_by(BoothSession.starts_at, BoothSession.id)
        .limit(_MOST)
    )
    found = await session.execute(query)
    seen = [Seen(row, name, standing(row, of_order, now)) for row, name, of_order in found]
    return _now(now, [each for each in seen if each.state in LIVE])


def _now(at: datetime, seen: Sequence[Seen]) -> Now:
    running = [each for each in seen if each.state is SessionState.ONGOING]
    there = [each for each in seen if each.state is SessionState.ARRIVED and _may_begin(each, at, seen)]
    current = next(iter([*running, *there]), None)
    return Now(at, current, next((each for each in seen if each is not current), None))


def _may_begin(one: Seen, at: datetime, seen: Sequence[Seen]) -> bool:
    """Whether the gate lets them begin: whoever came hours early is not greeted in somebody else's time.

    Times that nobody has a session for yet are not asked for; the gate refuses in those alone.
    """
    others = (each.session for each in seen if each is not one and each.state in EXPECTED)
    return not is_too_early(one.session, at, ((each.starts_at, each.ends_at) for each in others))
