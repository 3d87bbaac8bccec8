"""An event that moved to a later end: its tickets are signed anew, and the codes that are out turn stale.

One that ends earlier leaves its tickets alone: no gate admits them after the end, and nobody's code goes stale.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, exists, func, select, update

from pesan.catalog.models import Event
from pesan.catalog.states import EventStatus
from pesan.db import ReadSession, WriteSession
from pesan.tenancy.models import Merchant
from pesan.tickets.keys import Algorithm
from pesan.tickets.keystore import KeyStore
from pesan.tickets.models import Ticket
from pesan.tickets.signing import SignedTexts, Unsigned, sign_texts
from pesan.tickets.states import GRACE, TicketState


@dataclass(frozen=True, slots=True)
class Outdated:
    """An active ticket that ends before its event does, and when it should."""

    ticket: Ticket
    merchant_id: UUID
    algorithm: Algorithm
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Reissue:
    """The new texts of one ticket, and the epoch that they replace."""

    outdated: Outdated
    kid: str
    texts: SignedTexts


_WANTED = func.greatest(Event.ends_at, Ticket.issued_at) + GRACE
_IS_OUTDATED = and_(
    Ticket.state == TicketState.ACTIVE.value,
    Ticket.qr_text != "",  # one that was just handed on is signed by its own job, for the event as it is then
    Ticket.expires_at < _WANTED,
    Event.status != EventStatus.CANCELLED.value,
)


async def list_outdated(session: ReadSession, event_id: UUID, *, limit: int) -> Sequence[Outdated]:
    """At most `limit` tickets of the event that must be reissued."""
    query = (
        select(Ticket, Merchant.ticket_key_alg, _WANTED)
        .join(Event, Event.id == Ticket.event_id)
        .join(Merchant, Merchant.id == Ticket.merchant_id)
        .where(Ticket.event_id == event_id, _IS_OUTDATED)
        .order_by(Ticket.id)
        .limit(limit)
    )
    rows = await session.execute(query)
    return [Outdated(ticket, ticket.merchant_id, Algorithm(alg), moment) for ticket, alg, moment in rows]


async def list_outdated_events(session: ReadSession) -> Sequence[UUID]:
    """The events to come that have tickets to reissue."""
    query = (
        select(Event.id)
        .where(
            Event.ends_at > func.clock_timestamp(),
            exists().where(Ticket.event_id == Event.id, _IS_OUTDATED),
        )
        .order_by(Event.id)
    )
    return (await session.scalars(query)).all()


async def sign_anew(keys: KeyStore, outdated: Sequence[Outdated]) -> list[Reissue]:
    """New texts for tickets of one merchant, by the key that signs now, with the next epoch."""
    key = await keys.signing_key(outdated[0].merchant_id, outdated[0].algorithm)
    texts = await sign_texts(keys, key, [_unsigned(item) for item in outdated])
    return [Reissue(item, key.kid, text) for item, text in zip(outdated, texts, strict=True)]


async def write_reissues(session: WriteSession, reissues: Sequence[Reissue]) -> None:
    """Store the new texts, except where the ticket was voided, used or reissued meanwhile."""
    for reissue in reissues:
        ticket = reissue.outdated.ticket
        change = update(Ticket).where(
            Ticket.id == ticket.id, Ticket.epoch == ticket.epoch, Ticket.state == TicketState.ACTIVE.value
        )
        await session.execute(
            change.values(
                epoch=ticket.epoch + 1,
                kid=reissue.kid,
                qr_text=reissue.texts.qr_text,
                live_text=reissue.texts.live_text,
                token=reissue.texts.token,
                expires_at=reissue.outdated.expires_at,
            )
        )


def _unsigned(item: Outdated) -> Unsigned:
    ticket = item.ticket
    return Unsigned(ticket.id, ticket.event_id, ticket.issued_at, item.expires_at, ticket.epoch + 1)
