"""Bulk writes of a group of scans: one statement per table, however many there are, in one round trip."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text

from pesan.db import WriteSession
from pesan.db.pipeline import pipelined
from pesan.db.rows import pack, recordset
from pesan.gates.history import NOWHERE, Conflict, History, Stood
from pesan.gates.locks import Situation
from pesan.gates.rows import COLUMNS, ScanRow
from pesan.gates.states import RESULTS, ConflictKind, Reason, Reentry
from pesan.kit.ids import new_id

_SCAN: Mapping[str, str] = {
    "id": "uuid",
    "merchant_id": "uuid",
    "event_id": "uuid",
    "gate_id": "uuid",
    "device_id": "uuid",
    "nonce": "uuid",
    "ticket_id": "uuid",
    "direction": "text",
    "shown": "text",
    "result": "text",
    "reason": "text",
    "reentry": "text",
    "refusal": "text",
    "cycle": "integer",
    "is_live": "boolean",
    "is_offline": "boolean",
    "is_skewed": "boolean",
    "manual_reason": "text",
    "device_at": "timestamptz",
    "offset_ms": "bigint",
    "scanned_at": "timestamptz",
    "received_at": "timestamptz",
}
_NAMES = ", ".join(_SCAN)
_INSERT = text(
    f"INSERT INTO scans ({_NAMES}) SELECT {_NAMES} FROM {recordset(_SCAN)}"  # noqa: S608
    # Of a code that was no ticket, two processes may hear at once.
    " ON CONFLICT (device_id, nonce) DO NOTHING"
)
_CHANGE = {
    "id": "uuid",
    "shown": "text",
    "answered": "text",
    "result": "text",
    "reason": "text",
    "cycle": "integer",
    "is_offline": "boolean",
}
_STAND_BACK = text(
    "UPDATE scans SET result = 'duplicate', cycle = NULL WHERE id = ANY (:ids) AND cycle IS NOT NULL"
).bindparams(bindparam("ids", type_=ARRAY(Uuid())))
_UPDATE = text(
    "UPDATE scans s SET shown = n.shown, answered = n.answered, result = n.result, reason = n.reason, cycle = n.cycle,"  # noqa: S608
    f" is_offline = n.is_offline FROM {recordset(_CHANGE)} WHERE s.id = n.id"
)
_STANDING = {
    "ticket_id": "uuid",
    "cycle": "integer",
    "is_inside": "boolean",
    "entered_at": "timestamptz",
    "entered_gate_id": "uuid",
    "entered_by": "uuid",
    "state": "text",
}
# The feed's row is locked last, and its numbers are given out in the order of the commits.
_STAND = text(
    "WITH given AS (SELECT *, row_number() OVER () AS place, count(*) OVER () AS total"  # noqa: S608
    f" FROM {recordset(_STANDING)}), feed AS (INSERT INTO gate_feeds (event_id, merchant_id, seq)"
    " SELECT :event_id, :merchant_id, max(total) FROM given HAVING count(*) > 0"
    " ON CONFLICT (event_id) DO UPDATE SET seq = gate_feeds.seq + excluded.seq RETURNING seq)"
    " INSERT INTO ticket_standings AS t"
    " (ticket_id, merchant_id, event_id, cycle, is_inside, entered_at, entered_gate_id, entered_by, seq)"
    " SELECT g.ticket_id, :merchant_id, :event_id, g.cycle, g.is_inside, g.entered_at, g.entered_gate_id,"
    " g.entered_by, feed.seq - g.total + g.place FROM given g, feed"
    " ON CONFLICT (ticket_id) DO UPDATE SET cycle = excluded.cycle, is_inside = excluded.is_inside,"
    " entered_at = excluded.entered_at, entered_gate_id = excluded.entered_gate_id,"
    " entered_by = excluded.entered_by, seq = excluded.seq"
).bindparams(bindparam("event_id", type_=Uuid()), bindparam("merchant_id", type_=Uuid()))
# What was made void stays void, whoever came in before.
_USE = text(
    "UPDATE tickets t SET state = n.state, used_at = n.entered_at"  # noqa: S608
    f" FROM {recordset(_STANDING)} WHERE t.id = n.ticket_id AND t.state <> 'void'"
)
_CONFLICT = {
    "id": "uuid",
    "subject_id": "uuid",
    "ticket_id": "uuid",
    "kind": "text",
    "cycle": "integer",
    "scan_count": "integer",
    "scan_ids": "uuid[]",
}
# One that was settled opens again when it comes to be about a scan that nobody looked at who settled it.
_RAISE = text(
    "INSERT INTO scan_conflicts AS c"  # noqa: S608
    " (id, merchant_id, event_id, subject_id, ticket_id, kind, cycle, scan_count, scan_ids)"
    " SELECT n.id, :merchant_id, :event_id, n.subject_id, n.ticket_id, n.kind, n.cycle, n.scan_count, n.scan_ids"
    f" FROM {recordset(_CONFLICT)}"
    # Of two that hear of the same stray at once, one wrote it.
    " WHERE n.ticket_id IS NOT NULL OR EXISTS (SELECT 1 FROM scans s WHERE s.id = n.subject_id)"
    " ON CONFLICT (subject_id, kind, cycle) DO UPDATE SET"
    " scan_count = excluded.scan_count, scan_ids = excluded.scan_ids,"
    " opened_at = CASE WHEN c.settled_at IS NULL OR excluded.scan_ids <@ c.settled_ids THEN c.opened_at"
    " ELSE clock_timestamp() END,"
    " settled_at = CASE WHEN excluded.scan_ids <@ c.settled_ids THEN c.settled_at END,"
    " settled_by = CASE WHEN excluded.scan_ids <@ c.settled_ids THEN c.settled_by END"
).bindparams(bindparam("event_id", type_=Uuid()), bindparam("merchant_id", type_=Uuid()))
# An exit that came late, or an undone scan, may leave nothing to look at; what a person ever wrote a note on is kept.
_DROP = text(
    "DELETE FROM scan_conflicts c WHERE c.subject_id = ANY (:subjects) AND c.settled_at IS NULL AND c.note = ''"  # noqa: S608
    f" AND NOT EXISTS (SELECT 1 FROM {recordset(_CONFLICT)}"
    " WHERE n.subject_id = c.subject_id AND n.kind = c.kind AND n.cycle = c.cycle)"
).bindparams(bindparam("subjects", type_=ARRAY(Uuid())))


async def write(
    session: WriteSession,
    situation: Situation,
    new: Sequence[ScanRow],
    corrected: Sequence[ScanRow],
    histories: Mapping[UUID, History],
) -> None:
    """Write the new scans and what the histories of their tickets make of all of them.

    **Locks** the event's feed, last.
    """
    if not (new or corrected or histories):
        return
    of_event = {"event_id": situation.event_id, "merchant_id": situation.merchant_id}
    changed = _changed(situation.scans, corrected, histories) if situation.is_whole else []
    for scan in new:
        _settle(scan, histories)
    conflicts = _conflicts([*new, *corrected], histories)
    standings = _standings(histories, situation)
    async with pipelined(session) as pipe:
        if changed:
            # First they all stand back, so that the index never sees two entries in one cycle while cycles move on.
            await pipe.execute(_STAND_BACK, {"ids": [scan.id for scan in changed]})
            await pipe.execute(_UPDATE, pack(_changes(scan) for scan in changed))
        if new:
            await pipe.execute(_INSERT, pack(_columns(scan) | of_event for scan in new))
        if standings:
            await pipe.execute(_USE, pack(standings))
        if histories and situation.is_whole:
            await pipe.execute(_DROP, {**pack(conflicts), "subjects": sorted(histories)})
        if conflicts:
            await pipe.execute(_RAISE, {**pack(conflicts), **of_event})
        if standings:
            await pipe.execute(_STAND, {**pack(standings), **of_event})


def _columns(scan: ScanRow) -> dict[str, Any]:
    return {name: getattr(scan, name) for name in COLUMNS}


def _changes(scan: ScanRow) -> dict[str, Any]:
    return {name: getattr(scan, name) for name in _CHANGE}


def _changed(
    old: Iterable[ScanRow], corrected: Sequence[ScanRow], histories: Mapping[UUID, History]
) -> list[ScanRow]:
    """The scans that were there before and come to something else now."""
    rewritten = {scan.id for scan in corrected}
    return [scan for scan in old if _settle(scan, histories) or scan.id in rewritten]


def _settle(scan: ScanRow, histories: Mapping[UUID, History]) -> bool:
    """Give a scan what it comes to; whether that is something else than before."""
    before = scan.result, scan.cycle
    history = histories.get(scan.ticket_id) if scan.ticket_id else None
    if history is not None:
        settled = history.settled[scan.id]
        scan.result, scan.cycle = settled.result.value, settled.cycle
    elif scan.ticket_id is None and scan.refusal is not None:
        scan.result = RESULTS[Reason(scan.refusal)].value
    return (scan.result, scan.cycle) != before


def _conflicts(strangers: Sequence[ScanRow], histories: Mapping[UUID, History]) -> list[dict[str, Any]]:
    rows = [
        _conflict(ticket_id, ticket_id, one)
        for ticket_id, history in histories.items()
        for one in history.conflicts
    ]
    strays = [scan for scan in strangers if scan.ticket_id is None and scan.refusal and scan.seen.was_green]
    return rows + [
        _conflict(scan.id, None, Conflict(ConflictKind.REFUSED_ADMITTED, 0, [scan.id])) for scan in strays
    ]


def _conflict(subject_id: UUID, ticket_id: UUID | None, conflict: Conflict) -> dict[str, Any]:
    return {
        "id": new_id(),
        "subject_id": subject_id,
        "ticket_id": ticket_id,
        "kind": conflict.kind.value,
        "cycle": conflict.cycle,
        "scan_count": len(conflict.scans),
        "scan_ids": list(conflict.scans),
    }


def _standings(histories: Mapping[UUID, History], situation: Situation) -> list[dict[str, Any]]:
    return [
        _standing(ticket_id, history.stood, situation.rules.reentry)
        for ticket_id, history in sorted(histories.items())
        if situation.stood.get(ticket_id, NOWHERE) != history.stood
    ]


def _standing(ticket_id: UUID, stood: Stood, reentry: Reentry) -> dict[str, Any]:
    standing, entered = stood.standing, stood.entered
    is_used = standing.is_inside or (standing.cycle > 0 and reentry is Reentry.NONE)
    return {
        "ticket_id": ticket_id,
        "cycle": standing.cycle,
        "is_inside": standing.is_inside,
        "entered_at": entered.at if entered else None,
        "entered_gate_id": entered.gate_id if entered else None,
        "entered_by": entered.scan_id if entered else None,
        "state": "used" if is_used else "active",
    }
