"""Every read of tickets and keys."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from pesan.db import ReadSession
from pesan.kit.ids import normalise_code
from pesan.tickets.errors import TicketNotFound
from pesan.tickets.keys import Algorithm, VerifyingKey
from pesan.tickets.models import SigningKey, Ticket
from pesan.tickets.states import KeyState

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


async def list_keys(session: ReadSession, merchant_id: UUID | None = None) -> Sequence[SigningKey]:
    """The keys of a merchant, or all, the newest first; nothing private is loaded."""
    query = select(SigningKey).order_by(SigningKey.created_at.desc(), SigningKey.id)
    return (await session.scalars(query if merchant_id is None else query.where(_of(merchant_id)))).all()


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
