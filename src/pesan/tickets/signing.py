"""From the facts of a ticket to its two signed texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pesan.tickets import qr, tokens
from pesan.tickets.keys import VerifyingKey
from pesan.tickets.keystore import KeyStore


@dataclass(frozen=True, slots=True)
class Unsigned:
    """What both texts say."""

    ticket_id: UUID
    event_id: UUID
    issued_at: datetime
    expires_at: datetime
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class SignedTexts:
    """The same ticket twice: as the text of its QR code and as a JWS."""

    qr_text: str
    token: str


async def sign_texts(keys: KeyStore, key: VerifyingKey, tickets: Sequence[Unsigned]) -> list[SignedTexts]:
    """Sign each ticket in both forms, with one call to the key store."""
    bodies = [qr.body_of(_code(ticket), key.qr_kid) for ticket in tickets]
    inputs = [tokens.signing_input(_claims(ticket), key.kid, key.algorithm) for ticket in tickets]
    signatures = await keys.sign(key.kid, [*map(qr.message_of, bodies), *inputs])
    of_codes, of_tokens = signatures[: len(tickets)], signatures[len(tickets) :]
    codes = (qr.assemble(body, signature) for body, signature in zip(bodies, of_codes, strict=True))
    texts = (tokens.assemble(text, signature) for text, signature in zip(inputs, of_tokens, strict=True))
    return [SignedTexts(code, token) for code, token in zip(codes, texts, strict=True)]


def _code(ticket: Unsigned) -> qr.QrTicket:
    issued_at, expires_at = _seconds(ticket.issued_at), _seconds(ticket.expires_at)
    return qr.QrTicket(ticket.ticket_id, issued_at, expires_at, ticket.epoch)


def _claims(ticket: Unsigned) -> tokens.TicketClaims:
    issued_at, expires_at = _seconds(ticket.issued_at), _seconds(ticket.expires_at)
    return tokens.TicketClaims(ticket.ticket_id, ticket.event_id, issued_at, expires_at, ticket.epoch)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
