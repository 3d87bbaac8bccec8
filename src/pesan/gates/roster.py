"""What a gate needs to go on without a network: an event's tickets, keys and rules, and the version of all that."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, Uuid, bindparam, func, select, text

from pesan.catalog.models import Event, TicketType
from pesan.catalog.states import EventStatus
from pesan.catalog.zones import zone_of
from pesan.db import Actor, Database, ReadSession
from pesan.gates.queries import Post, get_rules, get_seq
from pesan.gates.verdict import Rules
from pesan.kit.times import isoformat
from pesan.tenancy.models import Merchant
from pesan.tickets.keys import Algorithm
from pesan.tickets.queries import list_verifying_keys

# What tells one state of an event's tickets from the next: whatever a bundle says of one, but where it stands. A sum,
# because the order in which rows are read is nothing. Each hash begins with the ticket's id: a record's hash adds up
# those of its parts, and two names that change places would leave the sum as it was.
_STATE = (
    "count(*) || '/' || coalesce(sum(hash_record_extended(ROW(t.id, t.code, t.holder_name, t.ticket_type_id,"
    " t.seat_id, t.number, t.epoch, t.state = 'void'), uuid_hash_extended(t.id, 0))), 0)"
)
_TICKETS = text(f"SELECT {_STATE} FROM tickets t WHERE t.event_id = :event_id")  # noqa: S608
# A ticket's code opens its page, so a gate gets what recognizes the code when it is typed and makes it for nobody: the
# first 72 bits of its SHA-256 (`static/js/gate/roster.js` computes the same).
# Written by the database: fifty thousand rows as objects would hold up everything else in the process. Numbers and
# Base64 need no escaping; names do.
_ROWS = text(
    f"""SELECT {_STATE}, string_agg('["' || translate(rtrim(encode(uuid_send(t.id), 'base64'), '='), '+/', '-_')
    || '","' || translate(encode(substr(sha256(convert_to(t.code, 'UTF8')), 1, 9), 'base64'), '+/', '-_')
    || '",' || to_json(t.holder_name) || ','
    || coalesce(array_position(:types, t.ticket_type_id), 0) - 1
    || ',' || to_json(coalesce(p.section || ' ' || p.row || '-' || p.number, t.number::text)) || ',' || t.epoch
    || ',' || (t.state = 'void')::int || ',' || coalesce(s.cycle, 0) || ',' || coalesce(s.is_inside, false)::int
    || ',' || coalesce(floor(extract(epoch FROM s.entered_at)), 0) || ']', ',' ORDER BY t.id)
    FROM tickets t LEFT JOIN seats p ON p.id = t.seat_id LEFT JOIN ticket_standings s ON s.ticket_id = t.id
    WHERE t.event_id = :event_id"""  # noqa: S608
).bindparams(bindparam("types", type_=ARRAY(Uuid())))


@dataclass(frozen=True, slots=True)
class GateKey:
    """A public key that signed tickets; one that was retired signed none later."""

    kid: str
    qr_kid: bytes
    public: bytes
    retired_at: datetime | None

    def told(self) -> dict[str, Any]:
        """The key as a bundle holds it."""
        retired_at = int(self.retired_at.timestamp()) if self.retired_at else None
        return {
            "kid": self.kid,
            "qr_kid": self.qr_kid.hex(),
            "x": _b64(self.public),
            "retired_at_s": retired_at,
        }


@dataclass(frozen=True, slots=True)
class KeyRing:
    """What checks a merchant's tickets without a network: no key that can also sign, whose codes need one."""

    keys: tuple[GateKey, ...]
    zone: str


@dataclass(frozen=True, slots=True)
class Roster:
    """Everything in a bundle but its tickets; `tickets` tells one state of those from the next, `seq` the last change.

    Who came in is no part of `tickets`: that goes to devices as changes, by number.
    """

    now: datetime
    seq: int
    event: Event
    types: Sequence[TicketType]
    rules: Rules
    ring: KeyRing
    tickets: str

    @property
    def version(self) -> str:
        """What a device needs a new bundle by when it is another."""
        of_event, types = _told_event(self.event, self.ring), [_told_type(kind) for kind in self.types]
        told = [self.tickets, self.ring, self.rules, of_event, types]
        return sha256(repr(told).encode()).hexdigest()[:16]

    @property
    def type_ids(self) -> list[UUID]:
        """The types in the order by which a bundle's tickets name them."""
        return [kind.id for kind in self.types]


async def read_ring(database: Database, merchant_id: UUID) -> KeyRing:
    """The merchant's keys, which are public, in a transaction of their own."""
    async with database.read(Actor.guest()) as session:
        rows = await list_verifying_keys(session, merchant_id)
        zone = await session.scalar(select(Merchant.zone).where(Merchant.id == merchant_id))
    keys = [
        GateKey(row.kid, row.qr_kid, row.verifying_key, row.retired_at)
        for row in rows
        if row.alg == Algorithm.EDDSA
    ]
    return KeyRing(tuple(keys), zone or "")


async def read_roster(session: ReadSession, event_id: UUID, ring: KeyRing) -> Roster:
    """The event as its gates know it; the number of the last change is read first, so that none is missed."""
    seq = await get_seq(session, event_id)
    event = await session.get_one(Event, event_id)
    types_of = select(TicketType).where(TicketType.event_id == event_id)
    types = (await session.scalars(types_of.order_by(TicketType.position, TicketType.id))).all()
    rules = await get_rules(session, event_id)
    tickets = (await session.scalars(_TICKETS, {"event_id": event_id})).one()
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    return Roster(now, seq, event, types, rules, ring, tickets)


async def read_tickets(session: ReadSession, event_id: UUID, type_ids: Sequence[UUID]) -> tuple[str, str]:
    """Which state the event's tickets are in (`Roster.tickets`), and they as a bundle's JSON without the brackets.

    Both of one statement, so that no ticket changes between them.
    """
    known = {"event_id": event_id, "types": list(type_ids)}
    state, rows = (await session.execute(_ROWS, known)).one()
    return state, rows or ""


def bundle_tag(roster: Roster, post: Post) -> str:
    """What names a bundle's content, whoever came in meanwhile: a device hears that anyway, as changes."""
    named = [roster.version, str(post.gate_id), post.gate, post.location]
    return f'W/"{sha256(orjson.dumps(named)).hexdigest()[:20]}"'


def bundle_head(roster: Roster, post: Post, slices: dict[str, Any]) -> bytes:
    """The bundle's JSON before its tickets; `roster.seq` is that of when these were read."""
    head = {
        "version": 1,
        "snapshot_at": isoformat(roster.now),
        "snapshot_at_s": int(roster.now.timestamp()),
        "seq": roster.seq,
        "roster_version": roster.version,
        "event": _told_event(roster.event, roster.ring),
        "gate": {"id": str(post.gate_id), "name": post.gate, "location": post.location},
        "rules": told_rules(roster.rules),
        "slices": slices,
        "keys": [key.told() for key in roster.ring.keys],
        "types": [_told_type(kind) for kind in roster.types],
    }
    return orjson.dumps(head)[:-1] + b',"tickets":['


def slices_of(seconds: int, event_key: bytes) -> dict[str, Any]:
    """What checks codes that rotate; it makes no ticket."""
    return {"seconds": seconds, "key": _b64(event_key)}


def told_rules(rules: Rules) -> dict[str, str]:
    """Rules as devices read them."""
    return {
        "opens_at": isoformat(rules.opens_at),
        "closes_at": isoformat(rules.closes_at),
        "reentry": rules.reentry.value,
        "static_codes": rules.static_codes.value,
    }


def _told_event(event: Event, ring: KeyRing) -> dict[str, Any]:
    return {
        "id": str(event.id),
        "title": event.title,
        "starts_at": isoformat(event.starts_at),
        "ends_at": isoformat(event.ends_at),
        "timezone": zone_of(event, ring),
        "is_cancelled": event.status == EventStatus.CANCELLED,
    }


def _told_type(kind: TicketType) -> dict[str, str]:
    return {"id": str(kind.id), "name": kind.name, "colour": kind.colour}


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
