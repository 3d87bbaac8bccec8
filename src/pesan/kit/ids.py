"""Identifiers: UUIDv7 inside, unguessable Crockford base32 codes outside."""

import os
import time
from threading import Lock
from uuid import UUID

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BOOKING_CODE_LENGTH = 13
SHORT_ID_LENGTH = 8
TICKET_CODE_LENGTH = 26
CODE_TAIL = 4
"""How much of a booking's or ticket's code is shown to those who may not have all of it."""
_PAGE_BYTES = 4096
_RANDOM_BITS = 74

_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


class _Source:
    """The kernel's randomness, asked for by the page, because one hold needs it six times.

    No byte is handed out twice, and a forked process starts with a page of its own.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._page = b""
        self._at = 0
        self._last = 0
        os.register_at_fork(
            before=self._lock.acquire, after_in_parent=self._lock.release, after_in_child=self._renew
        )

    def take(self, count: int) -> bytes:
        """`count` random bytes."""
        with self._lock:
            return self._take(count)

    def stamp(self, milliseconds: int) -> int:
        """A time and 74 random bits, above every stamp before, also within one millisecond (RFC 9562, §6.2)."""
        with self._lock:
            random = int.from_bytes(self._take(10), "big") >> 6
            fresh = milliseconds << _RANDOM_BITS | random
            is_later = milliseconds > self._last >> _RANDOM_BITS
            self._last = fresh if is_later else self._last + 1 + (random & 0xFFFF_FFFF)
            return self._last

    def _take(self, count: int) -> bytes:
        if self._at + count > len(self._page):
            self._page, self._at = os.urandom(_PAGE_BYTES), 0
        self._at += count
        return self._page[self._at - count : self._at]

    def _renew(self) -> None:
        self._page = b""
        self._lock.release()


_source = _Source()


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): those of one process sort as they were made, so that an order's lines keep their order."""
    stamp = _source.stamp(time.time_ns() // 1_000_000)
    upper, lower = stamp >> 62, stamp & 0x3FFF_FFFF_FFFF_FFFF
    head = upper >> 12 << 16 | 0x7000 | upper & 0xFFF
    return UUID(int=head << 64 | 0b10 << 62 | lower)


def new_code(length: int = BOOKING_CODE_LENGTH) -> str:
    """A random code of `length` Crockford characters, 5 bits each (13 characters are 65 bits)."""
    return "".join([ALPHABET[byte & 31] for byte in _source.take(length)])


def new_ticket_code() -> str:
    """A 130-bit code for one ticket."""
    return new_code(TICKET_CODE_LENGTH)


def new_short_id() -> str:
    """The part of a public address that finds an event; lower case, never an authority."""
    return new_code(SHORT_ID_LENGTH).lower()


def normalise_code(text: str) -> str:
    """What a person typed as a code, in the one form that is stored (O is 0, I and L are 1)."""
    return text.strip().upper().translate(_LOOKALIKES)


def shown_code(code: str, *, is_open: bool) -> str:
    """A ticket's or booking's code, whole or the end of it: whoever has all of it can act as the buyer."""
    return code if is_open else f"…{code[-CODE_TAIL:]}"
