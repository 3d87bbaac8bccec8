"""The only place that locks signing keys and tickets."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import undefer

from pesan.db import WriteSession
from pesan.tickets.models import SigningKey, Ticket
from pesan.tickets.states import KeyState


async def lock_active_key(session: WriteSession, key_id: UUID) -> SigningKey | None:
    """The key, locked; None when it is not active any more."""
    query = select(SigningKey).where(SigningKey.id == key_id, SigningKey.state == KeyState.ACTIVE.value)
    row: SigningKey | None = await session.scalar(query.with_for_update())
    return row


async def lock_keys(session: WriteSession) -> Sequence[SigningKey]:
    """Every key with its sealed part, locked in the order of their ids."""
    query = select(SigningKey).options(undefer(SigningKey.private_key_sealed)).order_by(SigningKey.id)
    return (await session.scalars(query.with_for_update())).all()


async def lock_tickets_of(session: WriteSession, order_ids: Sequence[UUID]) -> None:
    """Every ticket of these orders, by id, as gates lock theirs; the orders' locks come first."""
    query = select(Ticket.id).where(Ticket.order_id.in_(order_ids)).order_by(Ticket.id)
    await session.execute(query.with_for_update(key_share=True))


async def lock_ticket(session: WriteSession, ticket_id: UUID) -> Ticket:
    """The ticket as it is under its lock; its order's lock comes first."""
    query = select(Ticket).where(Ticket.id == ticket_id).with_for_update(key_share=True)
    return (await session.scalars(query.execution_options(populate_existing=True))).one()
