"""The texts of a ticket that was handed on, signed by a job: a web process has no key."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import CursorResult, and_, select, update

from pesan.catalog.models import Event
from pesan.db import ReadSession, WriteSession
from pesan.tenancy.models import Merchant
from pesan.tickets.keys import Algorithm
from pesan.tickets.keystore import KeyStore
from pesan.tickets.models import Ticket, TicketTransfer
from pesan.tickets.signing import SignedTexts, Unsigned, sign_texts
from pesan.tickets.states import TicketState, expires_at


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A ticket that waits for its texts, and when they end: its event may have moved meanwhile."""

    ticket: Ticket
    algorithm: Algorithm
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Finished:
    """The texts of an unfinished ticket."""

    unfinished: Unfinished
    kid: str
    texts: SignedTexts


async def find_unfinished(session: ReadSession, transfer_id: UUID) -> Unfinished | None:
    """The ticket as this transfer left it; None when it was signed, voided or handed on again since."""
    query = (
        select(Ticket, Merchant.ticket_key_alg, Event.ends_at)
        .join(
            TicketTransfer, and_(TicketTransfer.ticket_id == Ticket.id, TicketTransfer.epoch == Ticket.epoch)
        )
        .join(Merchant, Merchant.id == Ticket.merchant_id)
        .join(Event, Event.id == Ticket.event_id)
        .where(TicketTransfer.id == transfer_id, *_WAITS)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    ticket, algorithm, ends_at = row
    ends = max(ticket.expires_at, expires_at(ends_at, ticket.issued_at))
    return Unfinished(ticket, Algorithm(algorithm), ends)


async def finish(keys: KeyStore, unfinished: Unfinished) -> Finished:
    """Sign it by the key that signs now; inside no transaction, because a key store may be far away."""
    ticket = unfinished.ticket
    key = await keys.signing_key(ticket.merchant_id, unfinished.algorithm)
    unsigned = Unsigned(ticket.id, ticket.event_id, ticket.issued_at, unfinished.expires_at, ticket.epoch)
    (texts,) = await sign_texts(keys, key, [unsigned])
    return Finished(unfinished, key.kid, texts)


async def write_finished(session: WriteSession, finished: Finished) -> bool:
    """Store the texts, unless the ticket was handed on again, voided or signed meanwhile; whether they were."""
    ticket, texts = finished.unfinished.ticket, finished.texts
    change = update(Ticket).where(Ticket.id == ticket.id, Ticket.epoch == ticket.epoch, *_WAITS)
    result = await session.execute(
        change.values(
            kid=finished.kid,
            qr_text=texts.qr_text,
            live_text=texts.live_text,
            token=texts.token,
            expires_at=finished.unfinished.expires_at,
        )
    )
    return isinstance(result, CursorResult) and result.rowcount == 1


_WAITS = (Ticket.qr_text == "", Ticket.state == TicketState.ACTIVE.value)
