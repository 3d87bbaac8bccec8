"""What a gate did and a person has to look at: listed with everything that speaks to it, and settled with a note."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from pesan.audit import record
from pesan.catalog.models import Event, Seat, TicketType
from pesan.db import Actor, ReadSession, WriteSession
from pesan.gates.board import Logged, logged
from pesan.gates.errors import ConflictGrown, ConflictSettled
from pesan.gates.models import Scan, ScanConflict
from pesan.gates.service.locks import lock_conflict, lock_gate
from pesan.gates.states import Result
from pesan.identity.models import User
from pesan.tickets.models import Ticket

MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class Found:
    """A conflict with its ticket and its scans, the earliest first; what was no ticket of the event has none.

    It is open again where a note tells of a time when it was settled before.
    """

    conflict: ScanConflict
    ticket: Ticket | None
    type_name: str | None
    seat: Seat | None
    settled_by: str | None
    scans: Sequence[Logged]

    @property
    def is_reopened(self) -> bool:
        """Whether somebody settled it before its last scan came."""
        return self.conflict.settled_at is None and bool(self.conflict.note)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What somebody made of a conflict of which they looked at `seen` scans."""

    seen: int
    note: str


async def list_conflicts(session: ReadSession, event: Event, *, is_open: bool) -> Sequence[Found]:
    """An event's conflicts: of the open ones the oldest first, of the settled ones the latest."""
    order = ScanConflict.opened_at if is_open else ScanConflict.settled_at.desc()
    query: Any = (
        select(ScanConflict, Ticket, TicketType.name, Seat, User.name)
        .outerjoin(Ticket, Ticket.id == ScanConflict.ticket_id)
        .outerjoin(TicketType, TicketType.id == Ticket.ticket_type_id)
        .outerjoin(Seat, Seat.id == Ticket.seat_id)
        .outerjoin(User, User.id == ScanConflict.settled_by)
        .where(ScanConflict.event_id == event.id, ScanConflict.settled_at.is_(None) == is_open)
        .order_by(order, ScanConflict.id)
        .limit(MOST_LISTED)
    )
    rows: Sequence[Any] = (await session.execute(query)).all()
    scans = await _scans_of(session, event, [row[0] for row in rows])
    return [
        Found(conflict, ticket, kind, seat, name, _concerned(conflict, scans[conflict.subject_id]))
        for conflict, ticket, kind, seat, name in rows
    ]


async def settle(
    session: WriteSession, conflict_id: UUID, *, event: Event, told: Settlement, actor: Actor
) -> None:
    """Close a conflict with what somebody made of it.

    The note is kept in the chain of the gate whose scan counts, or which let in what was not good. **Locks** the
    conflict, then that gate. Raises ConflictNotFound, ConflictSettled, ConflictGrown.
    """
    conflict = await lock_conflict(session, conflict_id, event_id=event.id)
    if conflict.settled_at is not None:
        raise ConflictSettled
    if conflict.scan_count != told.seen:
        raise ConflictGrown
    gate = await lock_gate(session, await _gate_of(session, conflict), event_id=event.id)
    conflict.settled_at = (await session.scalars(select(func.clock_timestamp()))).one()
    conflict.settled_by, conflict.note = actor.user_id, told.note
    data = {"conflict_id": str(conflict.id), "kind": conflict.kind, "scans": conflict.scan_count}
    await record(session, gate, action="gate:conflict:settled", actor=actor, reason=told.note, data=data)
    await session.flush()


async def _scans_of(
    session: ReadSession, event: Event, conflicts: Sequence[ScanConflict]
) -> Mapping[UUID, Sequence[Logged]]:
    """Every scan of the tickets of these conflicts, and the scans of none, by what the conflict is about."""
    subjects = [conflict.subject_id for conflict in conflicts]
    query = logged().where(
        Scan.event_id == event.id, or_(Scan.ticket_id.in_(subjects), Scan.id.in_(subjects))
    )
    found: dict[UUID, list[Logged]] = defaultdict(list)
    for row in await session.execute(query.order_by(Scan.scanned_at, Scan.received_at, Scan.id)):
        scan = Logged(*row)
        found[scan.scan.ticket_id or scan.scan.id].append(scan)
    return found


def _concerned(conflict: ScanConflict, scans: Sequence[Logged]) -> Sequence[Logged]:
    """The scans that the conflict is about, as it was last raised."""
    named = set(conflict.scan_ids)
    return [row for row in scans if row.scan.id in named]


async def _gate_of(session: ReadSession, conflict: ScanConflict) -> UUID:
    """Where the scan that counts was made, or the first that let somebody pass."""
    query = select(Scan.gate_id).where(
        Scan.event_id == conflict.event_id,
        or_(Scan.ticket_id == conflict.subject_id, Scan.id == conflict.subject_id),
    )
    counts_first = (Scan.result != Result.OK.value, Scan.shown != Result.OK.value, Scan.scanned_at, Scan.id)
    return (await session.scalars(query.order_by(*counts_first).limit(1))).one()
