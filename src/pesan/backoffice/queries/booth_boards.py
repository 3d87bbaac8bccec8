"""Outlets as their staff watch them: every booth at a moment, and how many customers are where."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from pesan.booths.feed import get_seq
from pesan.booths.models import Booth, BoothSession
from pesan.booths.queries.outlets import OutletView, list_booths, list_outlets_of
from pesan.booths.states import LIVE, SessionState, standing
from pesan.db import ReadSession
from pesan.orders.models import Order

AHEAD = timedelta(hours=24)
"""How far ahead customers are looked for."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A session with its customer, where it stands now."""

    session: BoothSession
    customer_name: str
    state: SessionState


@dataclass(frozen=True, slots=True)
class Tile:
    """A booth: the session that runs there or whose customer came, and the next one."""

    booth: Booth
    current: Seen | None
    next: Seen | None


@dataclass(frozen=True, slots=True)
class Board:
    """An outlet's booths by the clock of the database; `seq` is the last thing that its feed had told before."""

    now: datetime
    seq: int
    tiles: Sequence[Tile]


@dataclass(frozen=True, slots=True)
class Tally:
    """An outlet with its booths that can be booked, and its sessions of the coming day by where they stand."""

    view: OutletView
    booths: int
    sessions: Mapping[SessionState, int]


async def get_board(session: ReadSession, event_id: UUID) -> Board:
    """What goes on at an outlet, in four queries however many booths it has."""
    # Read first: what happens meanwhile is told again rather than missed.
    seq = await get_seq(session, event_id)
    now = await read_clock(session)
    booths = await list_booths(session, event_id)
    query = (
        select(BoothSession, Order.buyer_name, Order.state)
        .join(Order, Order.id == BoothSession.id)
        .where(
            BoothSession.event_id == event_id,
            BoothSession.state.in_(LIVE),
            BoothSession.starts_at < now + AHEAD,
        )
        .order_by(BoothSession.starts_at, BoothSession.id)
    )
    of_booth: dict[UUID, list[Seen]] = {}
    for row, name, of_order in await session.execute(query):
        of_booth.setdefault(row.booth_id, []).append(Seen(row, name, standing(row, of_order, now)))
    return Board(now, seq, [_tile(booth, of_booth.get(booth.id, ())) for booth in booths])


async def list_tallies(session: ReadSession, merchant_id: UUID) -> Sequence[Tally]:
    """The merchant's outlets that somebody may see, in four queries however many there are."""
    views = await list_outlets_of(session, merchant_id, with_archived=True)
    now = await read_clock(session)
    ids = [view.outlet.event_id for view in views]
    counted = select(Booth.event_id, func.count()).where(Booth.event_id.in_(ids), Booth.is_closed.is_(False))
    rows = await session.execute(counted.group_by(Booth.event_id))
    booths = {event_id: count for event_id, count in rows}  # noqa: C416  a row is a tuple, which mypy cannot see
    live = (
        select(BoothSession, Order.state)
        .join(Order, Order.id == BoothSession.id)
        .where(
            BoothSession.event_id.in_(ids), BoothSession.state.in_(LIVE), BoothSession.starts_at < now + AHEAD
        )
    )
    sessions: dict[UUID, Counter[SessionState]] = {}
    for row, of_order in await session.execute(live):
        sessions.setdefault(row.event_id, Counter())[standing(row, of_order, now)] += 1
    return [_tally(view, booths, sessions) for view in views]


async def read_clock(session: ReadSession) -> datetime:
    """The database's time."""
    now: datetime = (await session.scalars(select(func.clock_timestamp()))).one()
    return now


def _tally(
    view: OutletView, booths: Mapping[UUID, int], sessions: Mapping[UUID, Counter[SessionState]]
) -> Tally:
    event_id = view.outlet.event_id
    return Tally(view, booths.get(event_id, 0), sessions.get(event_id, Counter()))


def _tile(booth: Booth, seen: Iterable[Seen]) -> Tile:
    live = [each for each in seen if each.state in LIVE]
    is_there = [each for each in live if each.state is not SessionState.AWAITING_CUSTOMER]
    current = min(is_there, key=lambda each: each.state is not SessionState.ONGOING, default=None)
    return Tile(booth, current, next((each for each in live if each is not current), None))
