"""The only place that locks tickets for a gate: by id, before anything about them is read."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, String, Uuid, bindparam, text

from pesan.db import WriteSession
from pesan.db.pipeline import Later, Row, pipelined
from pesan.gates.attempts import Attempt, TicketFacts
from pesan.gates.history import Entered, Stood
from pesan.gates.rows import COLUMNS, ScanRow
from pesan.gates.rules import effective_rules
from pesan.gates.verdict import Rules, Standing
from pesan.tickets.verify import Presented

_NAMES = ", ".join(COLUMNS)
_KEYS = (bindparam("ids", type_=ARRAY(Uuid())), bindparam("codes", type_=ARRAY(String())))
# Not an empty list, of which the planner can prove whatever a partial index asks, and walks through that index then.
_NO_CODES = ("",)
# The policy of the role leaves the rows of one event. FOR NO KEY UPDATE does not fight with the foreign keys of scans.
_TICKETS = text(
    "SELECT t.id, t.code, t.holder_name, coalesce(y.name, ''),"
    " coalesce(s.section || ' ' || s.row || '-' || s.number, ''), t.number, t.state, t.epoch,"
    " t.expires_at, t.voided_at FROM tickets t"
    " LEFT JOIN ticket_types y ON y.id = t.ticket_type_id LEFT JOIN seats s ON s.id = t.seat_id"
    " WHERE t.id = ANY (:ids) OR t.code = ANY (:codes) ORDER BY t.id FOR NO KEY UPDATE OF t"
).bindparams(*_KEYS)
_WANTED = "ANY (CAST(:ids AS uuid[]) || ARRAY(SELECT t.id FROM tickets t WHERE t.code = ANY (:codes)))"
_STANDINGS = text(
    "SELECT ticket_id, cycle, is_inside, entered_by, entered_at, entered_gate_id FROM ticket_standings"  # noqa: S608
    f" WHERE ticket_id = {_WANTED}"
).bindparams(*_KEYS)
_REPEATED = f"SELECT {_NAMES} FROM scans WHERE device_id = ANY (:devices) AND nonce = ANY (:nonces)"  # noqa: S608
_NONCES = (bindparam("devices", type_=ARRAY(Uuid())), bindparam("nonces", type_=ARRAY(Uuid())))
# What is sent again is found by its nonce: of a code that was no ticket there is no other trace.
_SCANS = text(_REPEATED).bindparams(*_NONCES)
# And what comes late, whichever device of the event sent it before: its phone may have been paired anew since.
_ALL_SCANS = text(
    f"SELECT {_NAMES} FROM scans WHERE ticket_id = {_WANTED} UNION SELECT {_NAMES} FROM scans"  # noqa: S608
    " WHERE device_id = ANY (ARRAY(SELECT id FROM gate_devices WHERE event_id = :event_id)) AND nonce = ANY (:nonces)"
).bindparams(*_KEYS, _NONCES[1], bindparam("event_id", type_=Uuid()))
# Nobody scanned anything before.
_FIRST_DEVICE = text("SELECT min(registered_at) FROM gate_devices WHERE event_id = :event_id")
_HANDED_ON = text(
    f"SELECT ticket_id, epoch, created_at FROM ticket_transfers WHERE ticket_id = {_WANTED}"  # noqa: S608
).bindparams(*_KEYS)
_REPLACED = text("SELECT code FROM ticket_transfers WHERE code = ANY (:codes)").bindparams(_KEYS[1])
_EVENT = text(
    "SELECT clock_timestamp(), e.merchant_id, e.status, e.starts_at, e.ends_at, r.opens_at, r.closes_at, r.reentry,"
    " r.static_codes FROM events e LEFT JOIN gate_rules r ON r.event_id = e.id WHERE e.id = :event_id"
)
_GATES = text("SELECT id, name, closed_at IS NOT NULL FROM gates WHERE event_id = :event_id")
_DEVICES = text(
    "SELECT d.id, d.gate_id, d.revoked_at IS NOT NULL, d.registered_at, d.moved_at, d.moved_from FROM gate_devices d"
    " WHERE d.id = ANY (:devices)"
).bindparams(bindparam("devices", type_=ARRAY(Uuid())))
_RETIRED = text(
    "SELECT kid, retired_at FROM signing_keys WHERE kid = ANY (:kids) AND retired_at IS NOT NULL"
).bindparams(bindparam("kids", type_=ARRAY(String())))


@dataclass(frozen=True, slots=True)
class LockedTicket:
    """A ticket under its lock."""

    facts: TicketFacts
    is_void: bool
    epoch: int
    expires_at: datetime
    voided_at: datetime | None
    handed_on: Mapping[int, datetime]
    """When it became another person's, by the epoch that it had from then on; read for what comes late."""

    def replaced_at(self, epoch: int) -> datetime | None:
        """When a text of this epoch became worthless to whoever had it; never for one that was only made anew."""
        return min((at for newer, at in self.handed_on.items() if newer > epoch), default=None)


@dataclass(frozen=True, slots=True)
class Place:
    """A gate of the event; one that is closed takes nobody in, and what was scanned there before still comes."""

    id: UUID
    name: str
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Device:
    """A device of the event, and the gate where it stands now."""

    id: UUID
    gate_id: UUID
    is_revoked: bool
    registered_at: datetime
    moved_at: datetime | None
    moved_from: UUID | None

    def gate_at(self, at: datetime) -> UUID:
        """Where it stood at that moment; of one that moved more than once, the last two gates are known."""
        if self.moved_from is not None and self.moved_at is not None and at < self.moved_at:
            return self.moved_from
        return self.gate_id


@dataclass(slots=True)
class Situation:
    """Everything that a group of scans is decided on, read after its locks.

    `is_whole` says that `scans` are all of the tickets'; without, they are those that are sent again, and `stood`
    says what all that came before has come to.
    """

    now: datetime
    event_id: UUID
    merchant_id: UUID
    first_device_at: datetime | None
    """When the event's first device joined; read for what comes late."""
    is_cancelled: bool
    rules: Rules
    is_whole: bool
    gates: Mapping[UUID, Place]
    devices: Mapping[UUID, Device]
    retired: Mapping[str, datetime]
    tickets: Mapping[UUID, LockedTicket]
    scans: list[ScanRow]
    replaced: frozenset[str]
    """Of the codes that were typed, those of tickets that were handed on since."""
    stood: Mapping[UUID, Stood]
    """Where each ticket stands; one that was never scanned is not in it."""


async def lock_scanned(
    session: WriteSession, event_id: UUID, attempts: Sequence[Attempt]
) -> Situation | None:
    """Lock the tickets of these attempts, then read what decides; None when there is no such event.

    What is asked now comes after all that came before it; the scans of a ticket are read for what comes late.
    **Locks** the tickets by id.
    """
    presented = [attempt.presented for attempt in attempts if isinstance(attempt.presented, Presented)]
    wanted = {
        "event_id": event_id,
        "ids": sorted({each.ticket_id for each in presented if each.ticket_id}),
        "codes": sorted({each.code for each in presented if each.code}) or list(_NO_CODES),
        "devices": sorted({attempt.device_id for attempt in attempts}),
        "nonces": [nonce for attempt in attempts for nonce in _nonces(attempt)],
        "kids": sorted({each.kid for each in presented if each.kid}),
    }
    return await _lock(session, wanted, is_whole=any(attempt.shown is not None for attempt in attempts))


def _nonces(attempt: Attempt) -> tuple[UUID, ...]:
    return (attempt.nonce,) if attempt.shown is None else (attempt.nonce, attempt.own_nonce)


async def lock_ticket(session: WriteSession, event_id: UUID, ticket_id: UUID) -> Situation | None:
    """The same for one ticket with all of its scans, without an attempt. **Locks** the ticket."""
    nothing: Mapping[str, Any] = {"codes": list(_NO_CODES), "devices": [], "nonces": [], "kids": []}
    return await _lock(session, {"event_id": event_id, "ids": [ticket_id], **nothing}, is_whole=True)


async def _lock(session: WriteSession, wanted: Mapping[str, Any], *, is_whole: bool) -> Situation | None:
    async with pipelined(session) as pipe:
        tickets = await pipe.ask(_TICKETS, _only(wanted, "ids", "codes"), list)
        event = await pipe.ask(_EVENT, _only(wanted, "event_id"), list)
        devices = await pipe.ask(_DEVICES, _only(wanted, "devices"), _devices)
        # After the devices, so that no gate is missing to which one of them has just moved.
        gates = await pipe.ask(_GATES, _only(wanted, "event_id"), _gates)
        retired = await pipe.ask(_RETIRED, _only(wanted, "kids"), _retired)
        replaced = await pipe.ask(_REPLACED, _only(wanted, "codes"), _codes)
        stood = await pipe.ask(_STANDINGS, _only(wanted, "ids", "codes"), _stood)
        handed_on, first_device_at = Later(_handed_on), Later(_moment)
        if is_whole:
            handed_on = await pipe.ask(_HANDED_ON, _only(wanted, "ids", "codes"), _handed_on)
            first_device_at = await pipe.ask(_FIRST_DEVICE, _only(wanted, "event_id"), _moment)
            scans = await pipe.ask(_ALL_SCANS, _only(wanted, "ids", "codes", "event_id", "nonces"), _scans)
        else:
            scans = await pipe.ask(_SCANS, _only(wanted, "devices", "nonces"), _scans)
    rows = await event.get()
    if not rows:
        return None
    now, merchant_id, status, starts_at, ends_at, opens_at, closes_at, reentry, static_codes = rows[0]
    return Situation(
        now=now,
        event_id=wanted["event_id"],
        merchant_id=merchant_id,
        first_device_at=await first_device_at.get(),
        is_cancelled=status == "cancelled",
        rules=effective_rules(
            starts_at,
            ends_at,
            opens_at=opens_at,
            closes_at=closes_at,
            reentry=reentry,
            static_codes=static_codes,
        ),
        is_whole=is_whole,
        gates=await gates.get(),
        devices=await devices.get(),
        retired=await retired.get(),
        tickets=_tickets(await tickets.get(), await handed_on.get()),
        scans=await scans.get(),
        replaced=await replaced.get(),
        stood=await stood.get(),
    )


def _only(wanted: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: wanted[name] for name in names}


def _gates(rows: Sequence[Row]) -> dict[UUID, Place]:
    return {row[0]: Place(*row) for row in rows}


def _devices(rows: Sequence[Row]) -> dict[UUID, Device]:
    return {row[0]: Device(*row) for row in rows}


def _retired(rows: Sequence[Row]) -> dict[str, datetime]:
    return {kid: retired_at for kid, retired_at in rows}  # noqa: C416  a row is a tuple


def _tickets(
    rows: Sequence[Row], handed_on: Mapping[UUID, Mapping[int, datetime]]
) -> dict[UUID, LockedTicket]:
    return {row[0]: _ticket(row, handed_on.get(row[0], {})) for row in rows}


def _ticket(row: Row, handed_on: Mapping[int, datetime]) -> LockedTicket:
    state, epoch, expires_at, voided_at = row[6:]
    return LockedTicket(TicketFacts(*row[:6]), state == "void", epoch, expires_at, voided_at, handed_on)


def _handed_on(rows: Sequence[Row]) -> dict[UUID, dict[int, datetime]]:
    found: dict[UUID, dict[int, datetime]] = defaultdict(dict)
    for ticket_id, epoch, at in rows:
        found[ticket_id][epoch] = at
    return found


def _moment(rows: Sequence[Row]) -> datetime | None:
    return rows[0][0] if rows else None


def _codes(rows: Sequence[Row]) -> frozenset[str]:
    return frozenset(row[0] for row in rows)


def _stood(rows: Sequence[Row]) -> dict[UUID, Stood]:
    return {row[0]: Stood(Standing(row[1], row[2]), Entered(*row[3:]) if row[3] else None) for row in rows}


def _scans(rows: Sequence[Row]) -> list[ScanRow]:
    return [ScanRow(*row) for row in rows]
