"""What a gate needs to go on without a network: an event's tickets, keys and rules, in one bundle and its version."""

import base64
import gzip
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
from pesan.db import Actor, Database, ReadSession
from pesan.gates.queries import Post, get_rules, get_seq
from pesan.gates.verdict import Rules
from pesan.kit.times import isoformat
from pesan.tenancy.models import Merchant
from pesan.tickets.keys import Algorithm
from pesan.tickets.queries import list_verifying_keys

_GZIP_LEVEL = 6
# What tells one state of a roster from the next: a ticket that is issued, void, or signed anew.
_TICKETS = text(
    "SELECT count(*), count(*) FILTER (WHERE state = 'void'), sum(epoch), max(issued_at) FROM tickets"
    " WHERE event_id = :event_id"
)
# A ticket's code opens its page, so a gate gets what recognizes the code when it is typed and makes it for nobody: the
# first 72 bits of its SHA-256 (`static/js/gate/roster.js` computes the same).
# Written by the database: fifty thousand rows as objects would hold up everything else in the process. Numbers and
# Base64 need no escaping; names do.
_ROWS = text(
    """SELECT string_agg('["' || translate(rtrim(encode(uuid_send(t.id), 'base64'), '='), '+/', '-_')
    || '","' || translate(encode(substr(sha256(convert_to(t.code, 'UTF8')), 1, 9), 'base64'), '+/', '-_')
    || '",' || to_json(t.holder_name) || ','
    || coalesce(array_position(:types, t.ticket_type_id), 0) - 1
    || ',' || to_json(coalesce(p.section || ' ' || p.row || '-' || p.number, t.number::text)) || ',' || t.epoch
    || ',' || (t.state = 'void')::int || ',' || coalesce(s.cycle, 0) || ',' || coalesce(s.is_inside, false)::int
    || ',' || coalesce(floor(extract(epoch FROM s.entered_at)), 0) || ']', ',' ORDER BY t.id)
    FROM tickets t LEFT JOIN seats p ON p.id = t.seat_id LEFT JOIN ticket_standings s ON s.ticket_id = t.id
    WHERE t.event_id = :event_id"""
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
    """What checks a merchant's tickets without a network.

    `is_online_only` where some may be signed by a key that can also sign, which no gate is given.
    """

    keys: tuple[GateKey, ...]
    is_online_only: bool
    timezone: str


@dataclass(frozen=True, slots=True)
class Roster:
    """Everything in a bundle but its tickets."""

    now: datetime
    seq: int
    version: str
    event: Event
    types: Sequence[TicketType]
    rules: Rules


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
    return KeyRing(tuple(keys), len(keys) < len(rows), zone or "")


async def read_roster(session: ReadSession, event_id: UUID, ring: KeyRing) -> Roster:
    """The event as its gates know it; the number of the last change is read first, so that none is missed."""
    seq = await get_seq(session, event_id)
    event = await session.get_one(Event, event_id)
    types_of = select(TicketType).where(TicketType.event_id == event_id)
    types = (await session.scalars(types_of.order_by(TicketType.position, TicketType.id))).all()
    rules = await get_rules(session, event_id)
    tickets = (await session.execute(_TICKETS, {"event_id": event_id})).one()
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    told = [*tickets, ring, rules, _told_event(event, ring), [_told_type(kind) for kind in types]]
    version = sha256(repr(told).encode()).hexdigest()[:16]
    return Roster(now, seq, version, event, types, rules)


async def read_tickets(session: ReadSession, roster: Roster) -> str:
    """The event's tickets as the bundle's JSON has them, without the brackets."""
    known = {"event_id": roster.event.id, "types": [kind.id for kind in roster.types]}
    found: str | None = await session.scalar(_ROWS, known)
    return found or ""


def bundle_tag(roster: Roster, post: Post) -> str:
    """What names a bundle's content: everything in it but the time."""
    named = [roster.version, roster.seq, str(post.gate_id), post.gate, post.location]
    return f'W/"{sha256(orjson.dumps(named)).hexdigest()[:20]}"'


def pack_bundle(
    roster: Roster, post: Post, ring: KeyRing, *, slices: dict[str, Any], tickets: str, in_gzip: bool
) -> bytes:
    """The bundle as it is sent; takes a moment of computing, so not for the event loop."""
    head = {
        "version": 1,
        "snapshot_at": isoformat(roster.now),
        "snapshot_at_s": int(roster.now.timestamp()),
        "seq": roster.seq,
        "roster_version": roster.version,
        "event": _told_event(roster.event, ring),
        "gate": {"id": str(post.gate_id), "name": post.gate, "location": post.location},
        "rules": told_rules(roster.rules),
        "slices": slices,
        "keys": [key.told() for key in ring.keys],
        "is_online_only": ring.is_online_only,
        "types": [_told_type(kind) for kind in roster.types],
    }
    body = orjson.dumps(head)[:-1] + b',"tickets":[' + tickets.encode() + b"]}"
    return gzip.compress(body, _GZIP_LEVEL, mtime=0) if in_gzip else body


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
        "timezone": ring.timezone,
        "is_cancelled": event.status == EventStatus.CANCELLED,
    }


def _told_type(kind: TicketType) -> dict[str, str]:
    return {"id": str(kind.id), "name": kind.name, "colour": kind.colour}


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
