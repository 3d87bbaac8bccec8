"""Two staff who record the same refund at once move the money once."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy import URL, func, select
from sqlalchemy.exc import IntegrityError

from pesan.db import Actor, Database
from pesan.kit.ids import new_id
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent
from pesan.payments import RefundCause, RefundDueCompanion, ledger
from pesan.payments.models import LedgerEntry
from pesan.payments.refunds.errors import RefundDecided
from pesan.payments.refunds.models import Refund
from pesan.payments.refunds.queries import get_refund, list_refunds
from pesan.payments.refunds.service import record_paid
from pesan.payments.states import Account, Reason
from pesan.settings import Settings
from tests.payments.steps import approve, offenders, send_proof
from tests.support.factories import SYSTEM, Make
from tests.support.postgres import Server
from tests.support.schema import open_database

STAFF = 8
NO_LIMIT = 10**9


@pytest.fixture
async def wide_database(settings: Settings) -> AsyncIterator[Database]:
    """As many connections as there are people at the desk."""
    database = open_database(settings.model_copy(update={"database_pool_size": STAFF}), "web")
    yield database
    await database.dispose()


@pytest.fixture
async def refund(make: Make, database: Database) -> Refund:
    order = await make.order()
    await send_proof(make, order)
    await approve(make, order)
    due = RefundDueCompanion(order.id, order.merchant_id, 150_000, RefundCause.PAID_AGAIN)
    await make.move(Move(OrderEvent.PAY_AGAIN, order.event_id, SYSTEM, order.id, companions=(due,)))
    async with database.read(SYSTEM) as session:
        return (await list_refunds(session, order.id))[0]


async def returned(database: Database, order_id: UUID) -> int:
    """How much left the account of what is due."""
    async with database.read(SYSTEM) as session:
        moved = select(func.coalesce(func.sum(LedgerEntry.amount), 0)).where(
            LedgerEntry.order_id == order_id,
            LedgerEntry.account == Account.REFUND_DUE,
            LedgerEntry.reason == Reason.REFUND,
        )
        return int(await session.scalar(moved) or 0)


async def test_racing_staff_return_the_money_once(
    wide_database: Database, database: Database, refund: Refund
) -> None:
    async def pay(number: int) -> Refund:
        actor = Actor.staff(new_id(), frozenset({refund.merchant_id}))
        async with wide_database.write(actor) as session:
            return await record_paid(
                session, refund.id, reference=f"TRX {number}", actor=actor, four_eyes_amount=NO_LIMIT
            )

    outcomes = await asyncio.gather(*(pay(number) for number in range(STAFF)), return_exceptions=True)

    winners = [outcome for outcome in outcomes if isinstance(outcome, Refund)]
    assert len(winners) == 1
    assert [type(outcome) for outcome in outcomes if outcome is not winners[0]] == [RefundDecided] * (
        STAFF - 1
    )
    async with database.read(SYSTEM) as session:
        assert (await get_refund(session, refund.id)).reference == winners[0].reference
    assert await returned(database, refund.order_id) == 150_000
    assert await offenders(database) == {}


async def pay_unlocked(wide_database: Database, refund: Refund) -> list[BaseException | None]:
    """Whoever looks whether it was sent, and then writes that it was, is too late."""
    arrived = asyncio.Barrier(STAFF)

    async def pay() -> None:
        async with wide_database.sale() as session:
            seen = await get_refund(session, refund.id)
            await arrived.wait()
            if seen.state == "requested":
                await ledger.post(session, [_movement(seen)])

    return await asyncio.gather(*(pay() for _ in range(STAFF)), return_exceptions=True)


async def test_without_the_lock_the_same_race_returns_it_many_times(
    wide_database: Database, database: Database, refund: Refund, postgres: Server, database_url: URL
) -> None:
    """The control, on a database that would hold it."""
    with postgres.connect(database_url.database) as connection:
        connection.execute("DROP TRIGGER ck_ledger_entries_sides ON ledger_entries")

    await pay_unlocked(wide_database, refund)

    assert await returned(database, refund.order_id) == 150_000 * STAFF
    assert "refunds.never_above_captured" in await offenders(database)


async def test_without_the_lock_the_database_gives_back_no_more_than_came_in(
    wide_database: Database, database: Database, refund: Refund
) -> None:
    outcomes = await pay_unlocked(wide_database, refund)

    refused = [type(outcome) for outcome in outcomes if outcome is not None]
    assert refused == [IntegrityError] * (STAFF - 1)
    assert await returned(database, refund.order_id) == 150_000


def _movement(refund: Refund) -> ledger.Movement:
    return ledger.Movement(
        reason=Reason.REFUND,
        order_id=refund.order_id,
        merchant_id=refund.merchant_id,
        source_id=new_id(),
        amount=refund.amount,
    )


async def test_even_without_the_lock_the_ledger_takes_one_refund_once(
    wide_database: Database, database: Database, refund: Refund, make: Make
) -> None:
    async def post() -> None:
        async with wide_database.sale() as session:
            movement = ledger.Movement(
                reason=Reason.REFUND,
                order_id=refund.order_id,
                merchant_id=refund.merchant_id,
                source_id=refund.id,
                amount=refund.amount,
            )
            await ledger.post(session, [movement])

    outcomes = await asyncio.gather(*(post() for _ in range(STAFF)), return_exceptions=True)

    assert sum(outcome is None for outcome in outcomes) == 1
    assert await returned(database, refund.order_id) == 150_000
    async with database.read(SYSTEM) as session:
        assert (await session.get_one(Order, refund.order_id)).state == "PAID"
