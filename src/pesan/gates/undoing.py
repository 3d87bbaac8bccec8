"""Taking a scan back: what a supervisor does when somebody was let in by mistake."""

from uuid import UUID

from sqlalchemy import text

from pesan.audit import record
from pesan.db import Actor, Database, WriteSession
from pesan.errors import Forbidden, NotFound
from pesan.gates.desk import GateDesk
from pesan.gates.errors import NothingToUndo
from pesan.gates.locks import Situation, lock_ticket
from pesan.gates.models import Scan
from pesan.gates.scanning import Group
from pesan.gates.service.locks import lock_gate
from pesan.gates.writes import write
from pesan.identity.policies import SignedIn, may_manage_events

_UNDO = text("UPDATE scans SET undone_at = :at, undone_by = :by WHERE id = :id")


async def undo(
    database: Database,
    desk: GateDesk,
    scan_id: UUID,
    *,
    person: SignedIn,
    reason: str,
    ip_digest: str | None = None,
) -> None:
    """Take a scan back: it counts for nothing any more, and its ticket stands as if it had not been.

    The scan itself stays, and so does who took it back and why. **Locks** the ticket, then the gate. Raises NotFound
    for a scan that is not theirs to see, Forbidden for whoever does not organize the event, NothingToUndo.
    """
    actor = person.to_actor(ip_digest=ip_digest)
    async with database.read(actor) as session:
        scan = await session.get(Scan, scan_id)
    if scan is None:
        raise NotFound
    if not may_manage_events(person, scan.merchant_id):
        raise Forbidden
    if scan.ticket_id is None:
        raise NothingToUndo
    async with database.gate(scan.event_id) as session:
        situation = await lock_ticket(session, scan.event_id, scan.ticket_id)
        if situation is None:
            raise NotFound
        gate = await lock_gate(session, scan.gate_id, event_id=scan.event_id)
        data = {"scan_id": str(scan_id), "ticket_id": str(scan.ticket_id)}
        await record(session, gate, action="gate:scan:undone", actor=actor, reason=reason, data=data)
        # Last, because the event's feed, behind which every scan queues, is locked by it.
        await _undo(session, situation, scan_id, scan.ticket_id, desk=desk, actor=actor)
    desk.hint(scan.event_id)


async def _undo(
    session: WriteSession,
    situation: Situation,
    scan_id: UUID,
    ticket_id: UUID,
    *,
    desk: GateDesk,
    actor: Actor,
) -> None:
    row = next(row for row in situation.scans if row.id == scan_id)
    if not row.seen.was_green:
        raise NothingToUndo
    row.undone_at = situation.now
    # Before the others move up: the index knows one entry for each cycle.
    await session.execute(_UNDO, {"id": scan_id, "at": situation.now, "by": actor.user_id})
    history = Group(situation, desk.slices).history(ticket_id)
    await write(session, situation, [], [], {ticket_id: history})
