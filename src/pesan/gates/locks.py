"""The only place that locks tickets for a gate: by id, before anything about them is read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, String, Uuid, bindparam, text

from pesan.db import WriteSession
from pesan.db.pipeline import Row, pipelined
from pesan.gates.attempts import Attempt, TicketFacts
from pesan.gates.rows import COLUMNS, ScanRow
from pesan.gates.rules import effective_rules
from pesan.gates.verdict import Rules, Standing
from pesan.tickets.verify import Presented

_NAMES = ", ".join(COLUMNS)
_WANTED = "t.event_id = :event_id AND (t.id = ANY (:ids) OR t.code = ANY (:codes))"
_KEYS = (
    bindparam("ids", type_=ARRAY(Uuid())),
    bindparam("codes", type_=ARRAY(String())),
    bindparam("event_id", type_=Uuid()),
)
# FOR NO KEY UPDATE does not fight with the foreign keys of scans.
_LOCK = text(f"SELECT 1 FROM tickets t WHERE {_WANTED} ORDER BY t.id FOR NO KEY UPDATE").bindparams(*_KEYS)  # noqa: S608
_TICKETS = text(
    "SELECT t.id, t.code, t.holder_name, coalesce(y.name, ''),"  # noqa: S608
    " coalesce(s.section || ' ' || s.row || '-' || s.number, ''), t.number, t.state, t.epoch,"
    " t.expires_at, t.voided_at, t.handed_on_at FROM tickets t"
    " LEFT JOIN ticket_types y ON y.id = t.ticket_type_id LEFT JOIN seats s ON s.id = t.seat_id"
    f" WHERE {_WANTED}"
).bindparams(*_KEYS)
# Those of the tickets, and those that are sent again: of a code that was no ticket there is no other trace. Apart, so
# that each half goes by an index of its own.
_SCANS = text(
    f"SELECT {_NAMES} FROM scans WHERE ticket_id IN (SELECT t.id FROM tickets t WHERE {_WANTED})"  # noqa: S608
    f" UNION SELECT {_NAMES} FROM scans WHERE device_id = ANY (:devices) AND nonce = ANY (:nonces)"
).bindparams(*_KEYS, bindparam("devices", type_=ARRAY(Uuid())), bindparam("nonces", type_=ARRAY(Uuid())))
_STANDINGS = text(
    "SELECT ticket_id, cycle, is_inside, entered_by FROM ticket_standings"  # noqa: S608
    f" WHERE ticket_id IN (SELECT t.id FROM tickets t WHERE {_WANTED})"
).bindparams(*_KEYS)
_EVENT = text(
    "SELECT clock_timestamp(), e.merchant_id, e.status, e.starts_at, e.ends_at, r.opens_at, r.closes_at, r.reentry,"
    " r.static_codes FROM events e LEFT JOIN gate_rules r ON r.event_id = e.id WHERE e.id = :event_id"
)
_DEVICES = text(
    "SELECT d.id, d.name, d.gate_id, d.revoked_at IS NOT NULL, g.closed_at IS NOT NULL, g.name,"
    " d.registered_at FROM gate_devices d"
    " JOIN gates g ON g.id = d.gate_id WHERE d.event_id = :event_id"
)
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
    handed_on_at: datetime | None


@dataclass(frozen=True, slots=True)
class Device:
    """A device of the event, by name and gate."""

    id: UUID
    name: str
    gate_id: UUID
    is_revoked: bool
    is_closed: bool
    """Whether its gate takes nobody in any more; what was scanned there before still comes."""
    gate: str
    registered_at: datetime


@dataclass(slots=True)
class Situation:
    """Everything that a group of scans is decided on, read after its locks."""

    now: datetime
    event_id: UUID
    merchant_id: UUID
    is_cancelled: bool
    rules: Rules
    devices: Mapping[UUID, Device]
    retired: Mapping[str, datetime]
    tickets: Mapping[UUID, LockedTicket]
    scans: list[ScanRow]
    standings: Mapping[UUID, tuple[Standing, UUID | None]]
    """Where each ticket stood, and the scan by which it came in; one that was never scanned has none."""


async def lock_scanned(
    session: WriteSession, event_id: UUID, attempts: Sequence[Attempt]
) -> Situation | None:
    """Lock the tickets of these attempts, then read what decides; None when there is no such event.

    **Locks** the tickets by id.
    """
    presented = [attempt.presented for attempt in attempts if isinstance(attempt.presented, Presented)]
    wanted = {
        "event_id": event_id,
        "ids": sorted({each.ticket_id for each in presented if each.ticket_id}),
        "codes": sorted({each.code for each in presented if each.code}),
    }
    nonces = {
        "devices": sorted({attempt.device_id for attempt in attempts}),
        "nonces": [attempt.nonce for attempt in attempts],
    }
    return await _lock(session, wanted, nonces, {each.kid for each in presented if each.kid})


async def lock_ticket(session: WriteSession, event_id: UUID, ticket_id: UUID) -> Situation | None:
    """The same for one ticket, without an attempt. **Locks** the ticket."""
    wanted = {"event_id": event_id, "ids": [ticket_id], "codes": []}
    return await _lock(session, wanted, {"devices": [], "nonces": []}, ())


async def _lock(
    session: WriteSession, wanted: Mapping[str, Any], nonces: Mapping[str, Any], kids: Collection[str]
) -> Situation | None:
    of_event = {"event_id": wanted["event_id"]}
    async with pipelined(session) as pipe:
        await pipe.execute(_LOCK, wanted)
        event = await pipe.ask(_EVENT, of_event, list)
        devices = await pipe.ask(_DEVICES, of_event, _devices)
        retired = await pipe.ask(_RETIRED, {"kids": sorted(kids)}, _retired)
        tickets = await pipe.ask(_TICKETS, wanted, _tickets)
        standings = await pipe.ask(_STANDINGS, wanted, _standings)
        scans = await pipe.ask(_SCANS, {**wanted, **nonces}, _scans)
    rows = await event.get()
    if not rows:
        return None
    now, merchant_id, status, starts_at, ends_at, opens_at, closes_at, reentry, static_codes = rows[0]
    return Situation(
        now=now,
        event_id=wanted["event_id"],
        merchant_id=merchant_id,
        is_cancelled=status == "cancelled",
        rules=effective_rules(
            starts_at,
            ends_at,
            opens_at=opens_at,
            closes_at=closes_at,
            reentry=reentry,
            static_codes=static_codes,
        ),
        devices=await devices.get(),
        retired=await retired.get(),
        tickets=await tickets.get(),
        scans=await scans.get(),
        standings=await standings.get(),
    )


def _devices(rows: Sequence[Row]) -> dict[UUID, Device]:
    return {row[0]: Device(*row) for row in rows}


def _retired(rows: Sequence[Row]) -> dict[str, datetime]:
    return {kid: retired_at for kid, retired_at in rows}  # noqa: C416  a row is a tuple


def _tickets(rows: Sequence[Row]) -> dict[UUID, LockedTicket]:
    return {row[0]: LockedTicket(TicketFacts(*row[:6]), row[6] == "void", *row[7:]) for row in rows}


def _standings(rows: Sequence[Row]) -> dict[UUID, tuple[Standing, UUID | None]]:
    return {row[0]: (Standing(row[1], row[2]), row[3]) for row in rows}


def _scans(rows: Sequence[Row]) -> list[ScanRow]:
    return [ScanRow(*row) for row in rows]
