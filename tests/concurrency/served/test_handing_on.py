"""One ticket handed on to many people at the same moment goes to one of them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import pytest
from sqlalchemy import text

from pesan.db import Actor, Database
from pesan.kit.ids import new_ticket_code
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.tickets.models import Ticket
from pesan.tickets.queries import find_ticket, list_tickets
from tests.payments.steps import approve, send_proof
from tests.support.database import offenders
from tests.support.factories import SYSTEM, Make
from tests.support.fulfilment import fulfil
from tests.support.racer import race
from tests.support.schema import open_database
from tests.support.wire import Request

ROUNDS = 3
AT_ONCE = 10  # as many as one caller may send before the limit on this route has its say


@pytest.fixture
async def wide_database(spare) -> AsyncIterator[Database]:
    database = open_database(spare.settings.model_copy(update={"database_pool_size": AT_ONCE}), "web")
    yield database
    await database.dispose()


async def sell(make: Make, database: Database) -> tuple[Order, Ticket]:
    """A ticket that was paid for, which the service's worker made."""
    order = await make.order()
    await send_proof(make, order)
    await approve(make, order)
    async with asyncio.timeout(60):
        while not (tickets := await tickets_of(database, order)):
            await asyncio.sleep(0.1)
    return order, tickets[0]


async def tickets_of(database: Database, order: Order) -> Sequence[Ticket]:
    async with database.read(SYSTEM) as session:
        return await list_tickets(session, order.id)


def wish(order: Order, ticket_id: UUID, number: int) -> Request:
    body = {"name": f"Teman {'ABCDEFGHIJ'[number]}", "email": f"teman{number}@contoh.id", "version": 0}
    return Request("POST", f"/v1/tickets/{ticket_id}/transfer", body, {"x-booking-code": order.code})


async def test_one_of_many_at_once_gets_the_ticket(served, make: Make, database: Database):
    service = await served()
    for _ in range(ROUNDS):
        order, ticket = await sell(make, database)

        answers = await race(service.port, [wish(order, ticket.id, number) for number in range(AT_ONCE)])

        told = Counter((answer.status, answer.code) for answer in answers)
        assert told == {(200, None): 1, (409, "tickets.changed"): AT_ONCE - 1}
        (winner,) = (answer.json()["holder_name"] for answer in answers if answer.status == 200)
        (now,) = await tickets_of(database, order)
        async with database.read(SYSTEM) as session:
            query = text("SELECT to_name, epoch FROM ticket_transfers WHERE order_id = :id")
            transfers = (await session.execute(query, {"id": order.id})).all()
        assert (now.holder_name, now.epoch, now.state) == (winner, 1, "active")
        assert transfers == [(winner, 1)]
    assert await offenders(database) == []


async def test_without_lock_and_version_the_same_race_promises_it_to_everybody(
    wide_database: Database, spare
):
    """The control: whoever looks first and then writes tells ten people that it is theirs."""
    order = await spare.make.order(state=OrderState.PAID)
    await fulfil(spare.make, spare.database, order)
    (ticket,) = await tickets_of(spare.database, order)
    actor = Actor.guest(order.code)
    arrived = asyncio.Barrier(AT_ONCE)

    async def hand_on() -> str:
        async with wide_database.write(actor) as session:
            seen = await find_ticket(session, ticket.id)
            assert seen is not None
            await arrived.wait()
            seen.code, seen.epoch = new_ticket_code(), seen.epoch + 1
        return seen.code

    promised = await asyncio.gather(*(hand_on() for _ in range(AT_ONCE)))

    assert len(set(promised)) == AT_ONCE
    (now,) = await tickets_of(spare.database, order)
    assert (now.epoch, promised.count(now.code)) == (1, 1)
