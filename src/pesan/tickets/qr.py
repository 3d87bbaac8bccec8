"""The ticket inside a QR code: small, so that a cheap camera reads it from a cracked screen.

Base45 of version (1), kid (4), tid (16), iat (4), exp (4), epoch (2), slice (6) and the signature, all big-endian
(architecture, Rulings: what the QR holds). 152 alphanumeric characters with Ed25519, which fit a version-5 code at
level L; 104 with HMAC-SHA256.
"""

import struct
from dataclasses import dataclass
from uuid import UUID

from pesan.tickets import base45
from pesan.tickets.keys import QR_KID_LENGTH, QR_VERSION, Algorithm, VerifyingKey

# No text of JOSE holds a NUL, so a signature over one form can never be shown as a signature over the other.
CONTEXT = b"\x00pesan:ticket:qr:1\x00"
STATIC_SLICE = bytes(6)
LIVE_SLICE = b"\xff" * 6
"""Stands for every slice in what is signed; itself it is none."""
_BODY = struct.Struct(">B4s16sIIH6s")
_LENGTHS = frozenset(_BODY.size + algorithm.signature_length for algorithm in Algorithm)
MAX_CHARACTERS = 152


class BadQr(ValueError):
    """The text is not a ticket of ours."""


@dataclass(frozen=True, slots=True)
class QrTicket:
    """What a QR code says of a ticket; times in whole seconds of the epoch.

    `epoch` is raised when the ticket is reissued or handed on, which turns older codes stale. `slice_code` is zero
    on a code that never changes, and the code of a time slice on one that rotates on a screen (see `slices`).
    """

    ticket_id: UUID
    issued_at: int
    expires_at: int
    epoch: int = 0
    slice_code: bytes = STATIC_SLICE


@dataclass(frozen=True, slots=True)
class ReadQr:
    """A code taken apart but not yet believed: see `check`."""

    ticket: QrTicket
    qr_kid: bytes
    body: bytes
    signature: bytes


def body_of(ticket: QrTicket, qr_kid: bytes) -> bytes:
    """The 37 signed bytes; raises ValueError when a field does not fit."""
    if len(qr_kid) != QR_KID_LENGTH or len(ticket.slice_code) != len(STATIC_SLICE):
        raise ValueError("a field of the code has the wrong length")
    try:
        return _BODY.pack(
            QR_VERSION,
            qr_kid,
            ticket.ticket_id.bytes,
            ticket.issued_at,
            ticket.expires_at,
            ticket.epoch,
            ticket.slice_code,
        )
    except struct.error as error:
        raise ValueError("a field of the code is out of range") from error


def message_of(body: bytes) -> bytes:
    """What the key signs: the body in a context of its own (reliability §3 A-81).

    One signature serves every slice of a rotating code, and another one the static code: whoever copies the one from
    a screen cannot make the other of it.
    """
    is_static = body.endswith(STATIC_SLICE)
    return CONTEXT + body[: -len(STATIC_SLICE)] + (STATIC_SLICE if is_static else LIVE_SLICE)


def with_slice(text: str, slice_code: bytes) -> str:
    """A rotating code in the slice that `slice_code` stands for; raises BadQr when `text` is not one of ours."""
    code = read(text)
    return assemble(code.body[: -len(slice_code)] + slice_code, code.signature)


def assemble(body: bytes, signature: bytes) -> str:
    """The text of the QR code."""
    return base45.encode(body + signature)


def read(text: str) -> ReadQr:
    """Take a code apart; raises BadQr for anything that no version of ours could have made."""
    if len(text) > MAX_CHARACTERS:
        raise BadQr("too long")
    try:
        data = base45.decode(text)
    except ValueError as error:
        raise BadQr("not Base45") from error
    if len(data) not in _LENGTHS or data[0] != QR_VERSION:
        raise BadQr("not a ticket")
    body = data[: _BODY.size]
    _, kid, ticket_id, issued_at, expires_at, epoch, slice_code = _BODY.unpack(body)
    ticket = QrTicket(UUID(bytes=ticket_id), issued_at, expires_at, epoch, slice_code)
    return ReadQr(ticket, kid, body, data[_BODY.size :])


def check(code: ReadQr, key: VerifyingKey) -> QrTicket:
    """The ticket of a code that `key` signed; raises BadQr otherwise. The key alone decides the algorithm."""
    if code.qr_kid != key.qr_kid or len(code.signature) != key.algorithm.signature_length:
        raise BadQr("another key")
    if not key.verifies(message_of(code.body), code.signature):
        raise BadQr("forged")
    return code.ticket
