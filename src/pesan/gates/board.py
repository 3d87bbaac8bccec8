"""What an event's gates are doing: every read of the organizer's board, in a fixed number of questions."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_

from pesan.catalog.models import Event, Seat, TicketType
from pesan.db import ReadSession
from pesan.gates.errors import ScanNotFound
from pesan.gates.models import Gate, GateDevice, GateFeed, Scan, ScanConflict, TicketStanding
from pesan.gates.queries import list_devices, list_gates
from pesan.gates.states import Direction, Result
from pesan.kit.ids import CODE_TAIL, TICKET_CODE_LENGTH, normalise_code
from pesan.kit.pagination import Page, decode_moment, encode_moment
from pesan.tickets.models import Ticket
from pesan.tickets.states import TicketState

MINUTES = 60
"""How far back the board looks at who came in."""
PAGE_SIZE = 25
EXPORT_CHUNK = 500
LAST_REFUSED = 5
REFUSED = "refused"
"""As a filter: every result but ok."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Where the people of one ticket type are; `expected` are its tickets that are not void.

    `absent` are those that never came, `left` those that went out again. An event without types has one, without name.
    """

    name: str | None
    expected: int
    inside: int
    left: int
    absent: int


@dataclass(frozen=True, slots=True)
class Logged:
    """One scan with where it was made and of what; a code that was no ticket of the event has no ticket."""

    scan: Scan
    gate: str
    device: str
    ticket: Ticket | None
    type_name: str | None
    seat: Seat | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What narrows the list of scans; empty does not narrow. `result` is what the screen showed, or REFUSED."""

    search: str = ""
    result: str = ""
    gate_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """Everything beside the list of scans. `minutes` are entries that count, by gate and beginning of the minute."""

    since: datetime
    crowds: Sequence[Crowd]
    gates: Sequence[Gate]
    minutes: Mapping[tuple[UUID, datetime], int]
    shown: Mapping[str, int]
    refused: Sequence[Logged]
    devices: Sequence[tuple[GateDevice, str]]
    open_conflicts: int


async def load_board(session: ReadSession, event: Event, *, now: datetime) -> Board:
    """How the event's gates stand at `now`."""
    since = now.replace(second=0, microsecond=0) - timedelta(minutes=MINUTES - 1)
    return Board(
        since=since,
        crowds=await _count_people(session, event),
        gates=[row.gate for row in await list_gates(session, event.id)],
        minutes=await _count_entries(session, event, since),
        shown=await _count_shown(session, event),
        refused=(await list_scans(session, event, Wanted(result=REFUSED), limit=LAST_REFUSED)).items,
        devices=await list_devices(session, event.id),
        open_conflicts=await count_open_conflicts(session, event),
    )


async def read_version(session: ReadSession, event: Event) -> str:
    """A text that differs whenever a scan, an undoing or a conflict changed what the board shows."""
    feed = select(GateFeed.seq).where(GateFeed.event_id == event.id).scalar_subquery()
    latest = select(Scan.id).where(Scan.event_id == event.id).limit(1)
    latest = latest.order_by(Scan.received_at.desc(), Scan.id.desc())
    query = select(feed, latest.scalar_subquery(), _open_conflicts(event).scalar_subquery())
    seq, scan_id, conflicts = (await session.execute(query)).one()
    return f"{seq or 0}-{scan_id or ''}-{conflicts}"


async def count_open_conflicts(session: ReadSession, event: Event) -> int:
    """How many conflicts nobody settled yet."""
    return await session.scalar(_open_conflicts(event)) or 0


async def list_scans(
    session: ReadSession,
    event: Event,
    wanted: Wanted,
    *,
    cursor: str | None = None,
    limit: int = PAGE_SIZE,
) -> Page[Logged]:
    """The event's scans as they arrived, the latest first; raises BadCursor."""
    query = logged().where(Scan.event_id == event.id, *_conditions(wanted))
    if cursor:
        query = query.where(tuple_(Scan.received_at, Scan.id) < tuple_(*decode_moment(cursor)))
    query = query.order_by(Scan.received_at.desc(), Scan.id.desc()).limit(limit + 1)
    rows = (await session.execute(query)).all()
    found = [Logged(*row) for row in rows[:limit]]
    last = found[-1].scan if len(rows) > limit else None
    return Page(found, encode_moment(last.received_at, last.id) if last else None)


async def get_scan(session: ReadSession, event: Event, scan_id: UUID) -> Logged:
    """One scan of the event; raises ScanNotFound."""
    query = logged().where(Scan.event_id == event.id, Scan.id == scan_id)
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise ScanNotFound
    return Logged(*row)


async def stream_scans(session: ReadSession, event: Event, wanted: Wanted) -> AsyncIterator[Sequence[Logged]]:
    """Every matching scan in portions, the latest first."""
    cursor: str | None = None
    while True:
        page = await list_scans(session, event, wanted, cursor=cursor, limit=EXPORT_CHUNK)
        yield page.items
        if page.next_cursor is None:
            return
        cursor = page.next_cursor


def logged() -> Select[Any]:
    """The columns of `Logged`, to be narrowed to an event."""
    query: Any = (
        select(Scan, Gate.name, GateDevice.name, Ticket, TicketType.name, Seat)
        .join(Gate, Gate.id == Scan.gate_id)
        .join(GateDevice, GateDevice.id == Scan.device_id)
        .outerjoin(Ticket, Ticket.id == Scan.ticket_id)
        .outerjoin(TicketType, TicketType.id == Ticket.ticket_type_id)
        .outerjoin(Seat, Seat.id == Ticket.seat_id)
    )
    found: Select[Any] = query
    return found


async def _count_people(session: ReadSession, event: Event) -> Sequence[Crowd]:
    is_live = Ticket.state != TicketState.VOID
    came = func.coalesce(TicketStanding.cycle, 0) > 0
    query = (
        select(
            TicketType.name,
            func.count().filter(is_live),
            func.count().filter(TicketStanding.is_inside),
            func.count().filter(came, ~TicketStanding.is_inside),
            func.count().filter(is_live, ~came),
        )
        .select_from(Ticket)
        .outerjoin(TicketStanding, TicketStanding.ticket_id == Ticket.id)
        .outerjoin(TicketType, TicketType.id == Ticket.ticket_type_id)
        .where(Ticket.event_id == event.id)
        .group_by(TicketType.id, TicketType.name, TicketType.position)
        .order_by(TicketType.position, TicketType.id)
    )
    return [Crowd(*row) for row in await session.execute(query)]


async def _count_entries(
    session: ReadSession, event: Event, since: datetime
) -> Mapping[tuple[UUID, datetime], int]:
    minute = func.date_trunc("minute", Scan.scanned_at)
    query = (
        select(Scan.gate_id, minute, func.count())
        .where(
            Scan.event_id == event.id,
            Scan.scanned_at >= since,
            Scan.direction == Direction.ENTRY.value,
            Scan.result == Result.OK.value,
            Scan.undone_at.is_(None),
        )
        .group_by(Scan.gate_id, minute)
    )
    return {(gate_id, begins_at): count for gate_id, begins_at, count in await session.execute(query)}


async def _count_shown(session: ReadSession, event: Event) -> Mapping[str, int]:
    query = select(Scan.shown, func.count()).where(Scan.event_id == event.id).group_by(Scan.shown)
    return {shown: count for shown, count in await session.execute(query)}  # noqa: C416  a row is a tuple


def _open_conflicts(event: Event) -> Select[int]:
    query = select(func.count()).select_from(ScanConflict)
    return query.where(ScanConflict.event_id == event.id, ScanConflict.settled_at.is_(None))


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.result == REFUSED:
        yield Scan.shown != Result.OK.value
    elif wanted.result:
        yield Scan.shown == wanted.result
    if wanted.gate_id:
        yield Scan.gate_id == wanted.gate_id
    if search := wanted.search.strip():
        yield or_(Ticket.holder_name.icontains(search, autoescape=True), *_codes(search))


def _codes(search: str) -> Iterator[ColumnElement[bool]]:
    """By a whole code or by the end that is shown; anything between would let people guess on, sign by sign."""
    code = normalise_code(search)
    if len(code) == TICKET_CODE_LENGTH:
        yield Ticket.code == code
    if len(code) == CODE_TAIL:
        yield func.right(Ticket.code, CODE_TAIL) == code
