"""Writes to ticket types."""

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from pesan.audit import changed_values, record
from pesan.capacity.models import CapacityPool
from pesan.capacity.service import create_pool, resize_pool
from pesan.catalog.errors import InvalidPeriod
from pesan.catalog.models import Event, TicketType
from pesan.catalog.models.ticket_types import DEFAULT_COLOUR
from pesan.db import Actor, WriteSession
from pesan.kit.ids import new_id

# The event's own pool keeps holds and sales apart; a type's places may all be held.
_ALL = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTypeDraft:
    """What an organizer says of a ticket type; money in whole rupiah, times aware, `inventory` in places."""

    name: str
    price_amount: int
    inventory: int
    description: str = ""
    max_per_order: int = 10
    sale_opens_at: datetime | None = None
    sale_closes_at: datetime | None = None
    is_hidden: bool = False
    access_code: str | None = None
    is_seated: bool = False
    colour: str = DEFAULT_COLOUR
    position: int = 0

    def columns(self) -> dict[str, Any]:
        """The type's own columns; raises InvalidPeriod."""
        if self.sale_opens_at and self.sale_closes_at and self.sale_closes_at <= self.sale_opens_at:
            raise InvalidPeriod
        values = asdict(self)
        del values["inventory"]
        return values


async def create_ticket_type(
    session: WriteSession, *, event: Event, draft: TicketTypeDraft, actor: Actor
) -> TicketType:
    """A new ticket type with a pool of its own, below the event's."""
    pool = await create_pool(
        session, merchant_id=event.merchant_id, capacity=draft.inventory, hold_ratio=_ALL
    )
    made = TicketType(
        id=new_id(),
        merchant_id=event.merchant_id,
        event_id=event.id,
        pool_id=pool.id,
        currency=event.currency,
        **draft.columns(),
    )
    session.add(made)
    await session.flush()
    data = {"event_id": str(event.id), "inventory": draft.inventory}
    await record(session, made, action="ticket_type:catalog:created", actor=actor, data=data)
    return made


async def update_ticket_type(
    session: WriteSession, *, offer: TicketType, draft: TicketTypeDraft, actor: Actor
) -> None:
    """Change a ticket type; raises CapacityTooLow when fewer places than are sold and held were asked for.

    Orders that exist keep the price that they were placed at.
    """
    values = draft.columns()
    pool = await session.get_one(CapacityPool, offer.pool_id, populate_existing=True)
    old = {name: getattr(offer, name) for name in values} | {"inventory": pool.capacity}
    before, after = changed_values(old, values | {"inventory": draft.inventory})
    for name, value in values.items():
        setattr(offer, name, value)
    await session.flush()
    await resize_pool(session, pool.id, capacity=draft.inventory, hold_ratio=_ALL, max_per_order=1)
    action, data = "ticket_type:catalog:updated", {"changed": list(after)}
    await record(session, offer, action=action, actor=actor, data=data, before=before, after=after)


async def archive_ticket_type(session: WriteSession, *, offer: TicketType, actor: Actor) -> None:
    """Sell no more of a type; what was sold stays valid."""
    offer.is_archived = True
    await session.flush()
    await record(session, offer, action="ticket_type:catalog:archived", actor=actor)
