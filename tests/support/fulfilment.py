"""Tickets for paid orders, without a worker."""

from pesan.db import Database
from pesan.orders.models import Order
from pesan.orders.moves import Companion, Move
from pesan.orders.states import OrderEvent
from pesan.payments import FulfilCompanion
from pesan.tickets.issue import make_tickets, read_entitlement
from pesan.tickets.keystore import DatabaseKeyStore
from tests.support.factories import SYSTEM, Make
from tests.support.schema import SECRET


async def fulfil(make: Make, database: Database, order: Order) -> None:
    """Sign an order's tickets and complete it through the gate."""
    async with database.read(SYSTEM) as session:
        entitlement = await read_entitlement(session, order.id)
    assert entitlement is not None
    tickets = await make_tickets(DatabaseKeyStore(database, SECRET.encode()), entitlement)
    companions: tuple[Companion, ...] = (*tickets, FulfilCompanion(order.id))
    await make.move(Move(OrderEvent.FULFIL, order.event_id, SYSTEM, order.id, companions=companions))
