"""Orders that were paid, and their tickets, made by the jobs that make the real ones."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from pesan.db import Actor, Database
from pesan.kit.registry import Registry
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.tickets.issue import make_tickets, read_entitlement
from pesan.tickets.keystore import DatabaseKeyStore, KeyStore
from pesan.tickets.models import Ticket
from pesan.tickets.queries import list_tickets
from tests.support.factories import Make

SECRET = b"s" * 32
SYSTEM = Actor.system("tests")


@dataclass(frozen=True, slots=True)
class Sold:
    """A completed order with its tickets."""

    order: Order
    tickets: list[Ticket]


Sell = Callable[..., Awaitable[Sold]]


@pytest.fixture
def store(database: Database) -> DatabaseKeyStore:
    """The keys of the test's merchants."""
    return DatabaseKeyStore(database, SECRET)


@pytest.fixture
def sell(database: Database, make: Make, store: DatabaseKeyStore) -> Sell:
    """Sells tickets: `await sell(event, quantity=2)`."""

    async def sell_one(event=None, **wish):
        order = await make.order(event, state=OrderState.PAID, **wish)
        await issue(database, store, make, order)
        async with database.read(SYSTEM) as session:
            return Sold(await session.get_one(Order, order.id), list(await list_tickets(session, order.id)))

    return sell_one


async def issue(database, store, make, order) -> None:
    """Fulfil an order through the gate, without a worker."""
    from pesan.orders.moves import Move
    from pesan.orders.states import OrderEvent

    async with database.read(SYSTEM) as session:
        entitlement = await read_entitlement(session, order.id)
    tickets = await make_tickets(store, entitlement)
    await make.move(Move(OrderEvent.FULFIL, order.event_id, SYSTEM, order.id, companions=tuple(tickets)))


@pytest.fixture
def deps(database: Database, store: DatabaseKeyStore) -> Registry:
    """What the jobs of tickets need."""
    from pesan.orders.desk import SaleDesk
    from pesan.realtime import Hub

    registry = Registry()
    registry.add(Database, database)
    registry.add(KeyStore, store)
    registry.add(SaleDesk, SaleDesk(database, Hub()))
    return registry
