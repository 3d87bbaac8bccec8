"""Keys and texts for the tests of tickets, made without a database."""

import base64
import json
from uuid import uuid4

from pesan.tickets import keys, qr, tokens
from pesan.tickets.keys import Algorithm, NewKey, VerifyingKey

TICKET = qr.QrTicket(uuid4(), issued_at=1_795_000_000, expires_at=1_796_500_000, epoch=3)
CLAIMS = tokens.TicketClaims(TICKET.ticket_id, uuid4(), TICKET.issued_at, TICKET.expires_at, TICKET.epoch)


def make_key(algorithm: Algorithm = Algorithm.EDDSA) -> tuple[NewKey, VerifyingKey]:
    """A fresh key and what verifies it."""
    key = keys.generate(algorithm)
    return key, VerifyingKey(uuid4(), key.kid, key.qr_kid, algorithm, key.public or key.private)


def make_qr(key: NewKey, ticket: qr.QrTicket = TICKET) -> str:
    """The text of a ticket's QR code."""
    body = qr.body_of(ticket, key.qr_kid)
    return qr.assemble(body, keys.sign(key.algorithm, key.private, qr.message_of(body)))


def make_token(key: NewKey, claims: tokens.TicketClaims = CLAIMS) -> str:
    """A ticket's JWS."""
    message = tokens.signing_input(claims, key.kid, key.algorithm)
    return tokens.assemble(message, keys.sign(key.algorithm, key.private, message))


def b64(data: bytes | dict) -> str:
    """base64url without padding; a mapping is written as JSON first."""
    raw = json.dumps(data).encode() if isinstance(data, dict) else data
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The bytes behind base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
