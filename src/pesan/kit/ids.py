"""Identifiers: UUIDv7 inside, unguessable Crockford base32 codes outside."""

import os
import secrets
import time
from uuid import UUID

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BOOKING_CODE_LENGTH = 13
SHORT_ID_LENGTH = 8
TICKET_CODE_LENGTH = 26

_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): sortable by the millisecond it was made, 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | random
    value = value & ~(0xF << 76) | 7 << 76
    return UUID(int=value & ~(0b11 << 62) | 0b10 << 62)


def new_code(length: int = BOOKING_CODE_LENGTH) -> str:
    """A random code of `length` Crockford characters, 5 bits each (13 characters are 65 bits)."""
    bits = secrets.randbits(5 * length)
    return "".join(ALPHABET[bits >> shift & 31] for shift in range(0, 5 * length, 5))


def new_ticket_code() -> str:
    """A 130-bit code for one ticket."""
    return new_code(TICKET_CODE_LENGTH)


def new_short_id() -> str:
    """The part of a public address that finds an event; lower case, never an authority."""
    return new_code(SHORT_ID_LENGTH).lower()


def normalise_code(text: str) -> str:
    """What a person typed as a code, in the one form that is stored (O is 0, I and L are 1)."""
    return text.strip().upper().translate(_LOOKALIKES)
