"""From the facts of a ticket to its signed texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pesan.tickets import qr, tokens
from pesan.tickets.keys import VerifyingKey
from pesan.tickets.keystore import KeyStore


@dataclass(frozen=True, slots=True)
class Unsigned:
    """What all the texts say."""

    ticket_id: UUID
    event_id: UUID
    issued_at: datetime
    expires_at: datetime
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class SignedTexts:
    """The same ticket as the text of its static QR code, of the one that rotates on a screen, and as a JWS."""

    qr_text: str
    live_text: str
    token: str


async def sign_texts(keys: KeyStore, key: VerifyingKey, tickets: Sequence[Unsigned]) -> list[SignedTexts]:
    """Sign each ticket in every form, with one call to the key store."""
    bodies = [
        qr.body_of(_code(ticket, slice_code), key.qr_kid)
        for slice_code in (qr.STATIC_SLICE, qr.LIVE_SLICE)
        for ticket in tickets
    ]
    inputs = [tokens.signing_input(_claims(ticket), key.kid, key.algorithm) for ticket in tickets]
    signatures = await keys.sign(key.kid, [*map(qr.message_of, bodies), *inputs])
    of_codes, of_tokens = signatures[: len(bodies)], signatures[len(bodies) :]
    codes = [qr.assemble(body, signature) for body, signature in zip(bodies, of_codes, strict=True)]
    texts = [tokens.assemble(text, signature) for text, signature in zip(inputs, of_tokens, strict=True)]
    static, live = codes[: len(tickets)], codes[len(tickets) :]
    return [SignedTexts(*of_one) for of_one in zip(static, live, texts, strict=True)]


def _code(ticket: Unsigned, slice_code: bytes) -> qr.QrTicket:
    issued_at, expires_at = _seconds(ticket.issued_at), _seconds(ticket.expires_at)
    return qr.QrTicket(ticket.ticket_id, issued_at, expires_at, ticket.epoch, slice_code)


def _claims(ticket: Unsigned) -> tokens.TicketClaims:
    issued_at, expires_at = _seconds(ticket.issued_at), _seconds(ticket.expires_at)
    return tokens.TicketClaims(ticket.ticket_id, ticket.event_id, issued_at, expires_at, ticket.epoch)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
