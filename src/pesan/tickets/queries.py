"""Every read of tickets and keys."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from pesan.db import ReadSession
from pesan.kit.ids import normalise_code
from pesan.tickets.errors import TicketNotFound
from pesan.tickets.keys import Algorithm, VerifyingKey
from pesan.tickets.models import SigningKey, Ticket, TicketTransfer
from pesan.tickets.states import KeyState, TicketState

# A ticket that was signed just before its key was retired may not be written yet.
_AFTERGLOW = timedelta(days=1)
_MAY_VERIFY = or_(
    SigningKey.state == KeyState.ACTIVE.value,
    SigningKey.retired_at > func.clock_timestamp() - _AFTERGLOW,
    func.key_has_tickets(SigningKey.merchant_id, SigningKey.kid),
)


async def list_tickets(session: ReadSession, order_id: UUID) -> Sequence[Ticket]:
    """The tickets of an order in their order; none before it is fulfilled."""
    query = select(Ticket).where(Ticket.order_id == order_id).order_by(Ticket.order_line_id, Ticket.number)
    return (await session.scalars(query)).all()


async def get_ticket(session: ReadSession, code: str) -> Ticket:
    """The ticket of a code as a person typed it; raises TicketNotFound."""
    ticket = await session.scalar(select(Ticket).where(Ticket.code == normalise_code(code)))
    if ticket is None:
        raise TicketNotFound
    return ticket


async def find_ticket(session: ReadSession, ticket_id: UUID) -> Ticket | None:
    """The ticket of this id, if the session may see it."""
    return await session.get(Ticket, ticket_id)


async def find_transfer(session: ReadSession, transfer_id: UUID) -> TicketTransfer | None:
    """One handing on of a ticket."""
    return await session.get(TicketTransfer, transfer_id)


async def find_transfer_before(session: ReadSession, transfer: TicketTransfer) -> TicketTransfer | None:
    """The handing on by which the ticket came to whoever had it until `transfer`; None when that was the buyer."""
    query = (
        select(TicketTransfer)
        .where(TicketTransfer.ticket_id == transfer.ticket_id, TicketTransfer.epoch < transfer.epoch)
        .order_by(TicketTransfer.epoch.desc())
        .limit(1)
    )
    found: TicketTransfer | None = await session.scalar(query)
    return found


async def list_last_transfers(session: ReadSession, order_ids: Collection[UUID]) -> Sequence[TicketTransfer]:
    """How each ticket of these orders came to whoever has it, where that is not the buyer and the ticket counts."""
    query = (
        select(TicketTransfer)
        .join(Ticket, Ticket.id == TicketTransfer.ticket_id)
        .where(TicketTransfer.order_id.in_(order_ids), Ticket.state != TicketState.VOID)
        .ext(distinct_on(TicketTransfer.ticket_id))
        .order_by(TicketTransfer.ticket_id, TicketTransfer.epoch.desc())
    )
    return (await session.scalars(query)).all()


async def is_last_transfer(session: ReadSession, transfer: TicketTransfer) -> bool:
    """Whether the ticket is still with whoever `transfer` gave it to."""
    later = TicketTransfer.ticket_id == transfer.ticket_id, TicketTransfer.epoch > transfer.epoch
    return not await session.scalar(select(exists().where(*later)))


async def find_replaced(session: ReadSession, code: str) -> TicketTransfer | None:
    """The handing on that made this ticket code void."""
    found: TicketTransfer | None = await session.scalar(
        select(TicketTransfer).where(TicketTransfer.code == code)
    )
    return found


async def list_keys(session: ReadSession, merchant_id: UUID | None = None) -> Sequence[SigningKey]:
    """The keys of a merchant, or all, the newest first; nothing private is loaded."""
    query = select(SigningKey).order_by(SigningKey.created_at.desc(), SigningKey.id)
    return (await session.scalars(query if merchant_id is None else query.where(_of(merchant_id)))).all()


async def list_verifying_keys(session: ReadSession, merchant_id: UUID) -> Sequence[SigningKey]:
    """The merchant's keys, of whichever algorithm, that may still verify something; nothing private is loaded."""
    query = select(SigningKey).where(_of(merchant_id), _MAY_VERIFY)
    return (await session.scalars(query.order_by(SigningKey.created_at, SigningKey.id))).all()


async def list_public_keys(
    session: ReadSession, merchant_id: UUID | None = None
) -> dict[str, list[dict[str, Any]]]:
    """The JWK set of `/.well-known/jwks.json`: each Ed25519 key that may still verify something.

    A retired key goes when the last of its tickets expired. A new key stands here before it signs anything, because
    making it and using it are two transactions.
    """
    query = select(SigningKey).where(SigningKey.alg == Algorithm.EDDSA.value, _MAY_VERIFY)
    chosen = query if merchant_id is None else query.where(_of(merchant_id))
    rows = await session.scalars(chosen.order_by(SigningKey.created_at, SigningKey.id))
    keys = (VerifyingKey(r.merchant_id, r.kid, r.qr_kid, Algorithm(r.alg), r.verifying_key) for r in rows)
    return {"keys": [jwk for key in keys if (jwk := key.public_jwk())]}


def _of(merchant_id: UUID) -> ColumnElement[bool]:
    return SigningKey.merchant_id == merchant_id
