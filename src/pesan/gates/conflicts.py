"""What a gate did and a person has to look at: listed with everything that speaks to it, and settled with a note."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select, tuple_

from pesan.audit import record
from pesan.catalog.models import Event, Seat, TicketType
from pesan.db import Actor, ReadSession, WriteSession
from pesan.gates.board import Logged, logged
from pesan.gates.errors import ConflictGrown, ConflictNotFound, ConflictSettled
from pesan.gates.models import Scan, ScanConflict
from pesan.gates.service.locks import lock_conflict, lock_gate
from pesan.gates.states import Result
from pesan.identity.models import User
from pesan.kit.pagination import Page, decode_moment, encode_moment
from pesan.tickets.models import Ticket

PAGE_SIZE = 25


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
    def seen(self) -> str:
        """What names the scans that are shown, for whoever settles it having looked at these."""
        return name_of(self.conflict.scan_ids)

    @property
    def is_reopened(self) -> bool:
        """Whether somebody settled it before its last scan came."""
        return self.conflict.settled_at is None and bool(self.conflict.note)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What somebody made of a conflict; `seen` names the scans that they looked at, as `Found.seen` does."""

    seen: str
    note: str


async def list_conflicts(
    session: ReadSession, event: Event, *, is_open: bool, cursor: str | None = None, limit: int = PAGE_SIZE
) -> Page[Found]:
    """An event's conflicts: of the open ones the oldest first, of the settled ones the latest; raises BadCursor."""
    at = ScanConflict.opened_at if is_open else ScanConflict.settled_at
    key = tuple_(at, ScanConflict.id)
    order = (at, ScanConflict.id) if is_open else (at.desc(), ScanConflict.id.desc())
    query: Any = (
        select(ScanConflict, Ticket, TicketType.name, Seat, User.name)
        .outerjoin(Ticket, Ticket.id == ScanConflict.ticket_id)
        .outerjoin(TicketType, TicketType.id == Ticket.ticket_type_id)
        .outerjoin(Seat, Seat.id == Ticket.seat_id)
        .outerjoin(User, User.id == ScanConflict.settled_by)
        .where(ScanConflict.event_id == event.id, ScanConflict.settled_at.is_(None) == is_open)
        .order_by(*order)
        .limit(limit + 1)
    )
    if cursor:
        place = tuple_(*decode_moment(cursor))
        query = query.where(key > place if is_open else key < place)
    rows: Sequence[Any] = (await session.execute(query)).all()
    scans = await _scans_of(session, event, [row[0] for row in rows[:limit]])
    found = [
        Found(conflict, ticket, kind, seat, name, _concerned(conflict, scans[conflict.subject_id]))
        for conflict, ticket, kind, seat, name in rows[:limit]
    ]
    return Page(found, _cursor_of(found[-1].conflict) if len(rows) > limit else None)


async def settle(
    session: WriteSession, conflict_id: UUID, *, event: Event, told: Settlement, actor: Actor
) -> None:
    """Close a conflict with what somebody made of it.

    The note is kept in the chain of the gate whose scan counts, or which let in what was not good. **Locks** that gate,
    then the conflict, as taking a scan back does. Raises ConflictNotFound, ConflictSettled, ConflictGrown.
    """
    gate = await lock_gate(session, await _gate_of(session, conflict_id, event), event_id=event.id)
    conflict = await lock_conflict(session, conflict_id, event_id=event.id)
    if conflict.settled_at is not None:
        raise ConflictSettled
    if name_of(conflict.scan_ids) != told.seen:
        raise ConflictGrown
    conflict.settled_at = (await session.scalars(select(func.clock_timestamp()))).one()
    if conflict.note:
        conflict.earlier_notes = [*conflict.earlier_notes, conflict.note]
    conflict.settled_by, conflict.note, conflict.settled_ids = actor.user_id, told.note, conflict.scan_ids
    data = {"conflict_id": str(conflict.id), "kind": conflict.kind, "scans": conflict.scan_count}
    await record(session, gate, action="gate:conflict:settled", actor=actor, reason=told.note, data=data)
    await session.flush()


def name_of(scan_ids: Sequence[UUID]) -> str:
    """A short text for a set of scans, whatever order they are in."""
    return sha256(b"".join(sorted(scan_id.bytes for scan_id in scan_ids))).hexdigest()[:16]


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


async def _gate_of(session: ReadSession, conflict_id: UUID, event: Event) -> UUID:
    """Where the scan that counts was made, or the first that let somebody pass; raises ConflictNotFound."""
    is_about = or_(Scan.ticket_id == ScanConflict.subject_id, Scan.id == ScanConflict.subject_id)
    query = select(Scan.gate_id).join(ScanConflict, and_(ScanConflict.event_id == Scan.event_id, is_about))
    counts_first = (Scan.result != Result.OK.value, Scan.shown != Result.OK.value, Scan.scanned_at, Scan.id)
    query = query.where(ScanConflict.id == conflict_id, Scan.event_id == event.id).order_by(*counts_first)
    gate_id = (await session.scalars(query.limit(1))).one_or_none()
    if gate_id is None:
        raise ConflictNotFound
    return gate_id


def _cursor_of(conflict: ScanConflict) -> str:
    at = conflict.settled_at or conflict.opened_at
    return encode_moment(at, conflict.id)
