"""An event's tickets, read and packed once for all devices that ask for them."""

import asyncio
import struct
import time
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID
from weakref import WeakValueDictionary

from pesan.db import Database
from pesan.gates.queries import get_seq
from pesan.gates.roster import Roster, read_tickets

MAX_BEHIND = 1_000
"""How many changes a device may have to hear after tickets that were packed a while ago: one answer's worth."""
_MOST_EVENTS = 8
_MOST_BYTES = 64_000_000
_LEVEL = 6
# RFC 1952: deflate, no name, no time, an unknown system.
_GZIP = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


@dataclass(frozen=True, slots=True)
class Packed:
    """The end of a bundle: the tickets in the state `tickets`, and where they stood at change number `seq` or later."""

    tickets: str
    type_ids: Sequence[UUID]
    seq: int
    begun: float
    plain: bytes
    deflated: bytes

    def after(self, head: bytes, *, in_gzip: bool) -> bytes:
        """The whole bundle. Checks its sum over megabytes, so not for the event loop."""
        if not in_gzip:
            return head + self.plain
        # One stream of two halves: after a full flush nothing refers back, so what follows may be packed already.
        press = _press()
        start = press.compress(head) + press.flush(zlib.Z_FULL_FLUSH)
        end = (zlib.crc32(self.plain, zlib.crc32(head)), len(head) + len(self.plain) & 0xFFFFFFFF)
        return b"".join((_GZIP, start, self.deflated, struct.pack("<LL", *end)))


class Bundles:
    """One process's. Twenty phones of an event that ask at once cost one reading and one packing.

    What is kept is found by the state that the tickets are in, which every request reads from the database, so that it
    is never older than what changed; and it may say of tickets that they are unused though they were scanned since.
    That is right because a device takes `seq` with it and asks for what changed after that number before it uses the
    bundle (`static/js/gate/link.js`): `ticket_standings` has a row for every ticket that was ever scanned, under the
    number of its last change, and none is deleted, so whatever the number, the answer is complete. `MAX_BEHIND` keeps
    it short.
    """

    def __init__(
        self, database: Database, *, most_events: int = _MOST_EVENTS, most_bytes: int = _MOST_BYTES
    ) -> None:
        self._database = database
        self._most_events, self._most_bytes = most_events, most_bytes
        self._kept: OrderedDict[UUID, Packed] = OrderedDict()
        # Weak: a lock is there as long as somebody holds it or waits for it.
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def get(self, roster: Roster) -> Packed:
        """The tickets of `roster`, or newer ones; asked outside a transaction, because it may take one of its own."""
        event_id, asked = roster.event.id, time.monotonic()
        found = self._find(roster, asked)
        if found is None:
            async with self._turns.setdefault(event_id, asyncio.Lock()):
                found = self._find(roster, asked) or await self._pack(event_id, roster.type_ids)
                self._kept[event_id] = found
        self._tidy(event_id)
        return found

    def _find(self, roster: Roster, asked: float) -> Packed | None:
        """What was packed of this state, or of a newer one while this request waited."""
        kept = self._kept.get(roster.event.id)
        if kept is None or kept.type_ids != roster.type_ids or roster.seq - kept.seq > MAX_BEHIND:
            return None
        return kept if kept.tickets == roster.tickets or kept.begun > asked else None

    async def _pack(self, event_id: UUID, type_ids: Sequence[UUID]) -> Packed:
        begun = time.monotonic()
        async with self._database.gate(event_id) as session:
            seq = await get_seq(session, event_id)  # before the rows, so that no change is missed
            tickets, rows = await read_tickets(session, event_id, type_ids)
        plain, deflated = await asyncio.to_thread(_deflate, rows)
        return Packed(tickets, type_ids, seq, begun, plain, deflated)

    def _tidy(self, event_id: UUID) -> None:
        """Of several events those stay that were asked for last, and the very last one whatever its size."""
        self._kept.move_to_end(event_id)
        while len(self._kept) > 1 and self._is_full():
            self._kept.popitem(last=False)

    def _is_full(self) -> bool:
        size = sum(len(each.plain) + len(each.deflated) for each in self._kept.values())
        return len(self._kept) > self._most_events or size > self._most_bytes


def _deflate(rows: str) -> tuple[bytes, bytes]:
    plain = rows.encode() + b"]}"
    press = _press()
    return plain, press.compress(plain) + press.flush()


def _press() -> "zlib._Compress":
    return zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
