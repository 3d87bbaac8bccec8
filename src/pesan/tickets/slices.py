"""Time slices of the codes on screens: a picture of one is worth nothing after the next (pestapora.md §21.5).

A slice's code is no signature: 48 bits of HMAC by a key of the event, so that a web process, which cannot sign, turns
codes on, and a gate without a network can check them. It makes no ticket: that takes the signature beside it.
"""

import hmac
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from pesan.kit.signing import derive_key
from pesan.tickets import qr
from pesan.tickets.models import Ticket

CODE_LENGTH = len(qr.STATIC_SLICE)
_RESERVED = (qr.STATIC_SLICE, qr.LIVE_SLICE)


class Slices:
    """The slices of one instance, each `seconds` long, counted from 1970 by the database's clock."""

    def __init__(self, secret: bytes, seconds: int) -> None:
        self._key = derive_key(secret, "ticket:slices")
        self.seconds = seconds

    def event_key(self, event_id: UUID) -> bytes:
        """What checks the slices of one event; of no use for another one, or to make a ticket."""
        return hmac.new(self._key, event_id.bytes, sha256).digest()

    def number_at(self, moment: datetime) -> int:
        """The slice that `moment` is in."""
        return int(moment.timestamp()) // self.seconds

    def live_text(self, ticket: Ticket, now: datetime) -> str:
        """The text of the ticket's code for the slice of `now`; empty while a job still signs it."""
        if not ticket.live_text:
            return ""
        key = self.event_key(ticket.event_id)
        return qr.with_slice(ticket.live_text, code_of(key, ticket.id, ticket.epoch, self.number_at(now)))

    def accepts(self, ticket: Ticket, slice_code: bytes, now: datetime) -> bool:
        """Whether a code is of this slice, or of the one before: a screen may have been drawn just then."""
        return self.accepts_of(ticket.event_id, ticket.id, ticket.epoch, slice_code, now)

    def accepts_of(
        self, event_id: UUID, ticket_id: UUID, epoch: int, slice_code: bytes, now: datetime
    ) -> bool:
        """The same for one version of a ticket whose row is not at hand."""
        key, current = self.event_key(event_id), self.number_at(now)
        codes = (code_of(key, ticket_id, epoch, number) for number in (current, current - 1))
        return any(hmac.compare_digest(code, slice_code) for code in codes)


def code_of(event_key: bytes, ticket_id: UUID, epoch: int, number: int) -> bytes:
    """The code of slice `number` for one version of a ticket."""
    message = (
        b"\x00pesan:ticket:slice:1\x00"
        + ticket_id.bytes
        + epoch.to_bytes(2, "big")
        + number.to_bytes(8, "big")
    )
    code = hmac.new(event_key, message, sha256).digest()[:CODE_LENGTH]
    return code if code not in _RESERVED else code[:-1] + b"\x01"
