"""One balance is settled once, however many take it at the same moment, and never beside a refund."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from sqlalchemy import URL, text

from pesan.capacity import locks as pool_locks
from pesan.checkout.refunds import Approval, refund_move
from pesan.db import Actor, Database, WriteSession
from pesan.kit.ids import new_id
from pesan.orders import gate, locks
from pesan.orders.errors import BalanceSettled, WrongState
from pesan.orders.models import Order
from pesan.orders.moves import Move, Moved
from pesan.orders.situation import Situation
from pesan.orders.states import OrderEvent
from pesan.payments import CashCompanion, RefundCause
from pesan.settings import Settings
from tests.support.database import offenders
from tests.support.factories import SYSTEM, Make
from tests.support.postgres import Server
from tests.support.schema import open_database

AT_ONCE = 6
DEPOSIT, BALANCE = 60_000, 90_000


@pytest.fixture
async def wide_database(settings: Settings) -> AsyncIterator[Database]:
    """As many connections as there are people at the desk."""
    database = open_database(settings.model_copy(update={"database_pool_size": AT_ONCE}), "worker")
    yield database
    await database.dispose()


@pytest.fixture
async def order(make: Make, database: Database) -> Order:
    """An order of Rp 150.000 whose deposit was taken in cash."""
    held = await make.order(await make.event(fulfilment="jastip", deposit_percent=40))
    cash = CashCompanion(held.id, held.merchant_id, DEPOSIT)
    await make.move(Move(OrderEvent.PAY, held.event_id, SYSTEM, held.id, companions=(cash,)))
    return held


def settling(order: Order) -> Move:
    cash = CashCompanion(order.id, order.merchant_id, BALANCE)
    return Move(OrderEvent.SETTLE_BALANCE, order.event_id, SYSTEM, order.id, companions=(cash,))


def proving(order: Order) -> Move:
    return Move(OrderEvent.SUBMIT_BALANCE_PROOF, order.event_id, SYSTEM, order.id)


async def history(database: Database, order: Order) -> list[int]:
    """The place of each entry in the order's history."""
    query = text("SELECT seq FROM audit_entries WHERE subject_id = :id ORDER BY seq")
    async with database.read(SYSTEM) as session:
        return list(await session.scalars(query, {"id": order.id}))


def refunding(order: Order) -> Move:
    staff = Actor.staff(new_id(), frozenset({order.merchant_id}))
    return refund_move(order, cause=RefundCause.ASKED, reason="Barang habis", approval=Approval(staff))


async def race(database: Database, moves: Sequence[Move]) -> list[object]:
    """Each by a transaction of its own, as processes of their own would."""

    async def one(move: Move) -> object:
        async with database.sale() as session:
            (outcome,) = await gate.transition_many(session, [move])
        return outcome

    return await asyncio.gather(*map(one, moves), return_exceptions=True)


async def came_and_is_kept(database: Database, order: Order) -> tuple[int, int]:
    """How much came, and how much of that is not due back."""
    query = text(
        "SELECT coalesce(sum(amount) FILTER (WHERE account = 'received'), 0),"
        " coalesce(-sum(amount) FILTER (WHERE account = 'customer'), 0)"
        " FROM ledger_entries WHERE order_id = :id"
    )
    async with database.read(SYSTEM) as session:
        came, kept = (await session.execute(query, {"id": order.id})).one()
    return int(came), int(kept)


async def test_one_of_many_settles_the_balance(wide_database: Database, database: Database, order: Order):
    outcomes = await race(wide_database, [settling(order)] * AT_ONCE)

    assert sum(isinstance(outcome, Moved) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, BalanceSettled) for outcome in outcomes) == AT_ONCE - 1
    assert await came_and_is_kept(database, order) == (DEPOSIT + BALANCE, DEPOSIT + BALANCE)
    assert await offenders(database) == []


async def test_a_settlement_and_a_refund_leave_no_money_behind(
    wide_database: Database, database: Database, order: Order
):
    outcomes = await race(wide_database, [settling(order), refunding(order)])

    settled, refunded = outcomes
    assert isinstance(refunded, Moved)
    assert isinstance(settled, Moved | WrongState)
    came = DEPOSIT + BALANCE if isinstance(settled, Moved) else DEPOSIT
    assert await came_and_is_kept(database, order) == (came, 0)
    assert await offenders(database) == []


async def test_a_proof_of_the_rest_and_its_cash_leave_nothing_waiting(
    wide_database: Database, database: Database, order: Order
):
    """A picture in the chat, while the jastiper takes the money in cash: whichever came first."""
    proved, settled = await race(wide_database, [proving(order), settling(order)])

    assert isinstance(settled, Moved)
    assert isinstance(proved, Moved | BalanceSettled)
    async with database.read(SYSTEM) as session:
        now = await session.get_one(Order, order.id)
    places = await history(database, order)
    assert (now.state, now.balance_due_amount, now.balance_submitted_at) == ("PAID", 0, None)
    assert len(set(places)) == len(places)
    assert await came_and_is_kept(database, order) == (DEPOSIT + BALANCE, DEPOSIT + BALANCE)
    assert await offenders(database) == []


@pytest.fixture
def unlocked(order: Order, monkeypatch: pytest.MonkeyPatch, postgres: Server, database_url: URL) -> Order:
    """The order at a gate without its locks, whose racers read before any writes; the history takes what comes."""
    arrived = asyncio.Barrier(2)
    for module in (locks, pool_locks):
        plain = module._LOCK.text.partition(" ORDER BY")[0]
        monkeypatch.setattr(module, "_LOCK", text(plain).bindparams(locks._IDS))
    reading = gate.read_situation

    async def read_together(session: WriteSession, moves: Sequence[Move]) -> Situation:
        found = await reading(session, moves)
        await arrived.wait()
        return found

    monkeypatch.setattr(gate, "read_situation", read_together)
    with postgres.connect(database_url.database) as connection:
        connection.execute("ALTER TABLE audit_entries DROP CONSTRAINT pk_audit_entries CASCADE")
    return order


async def test_without_the_locks_the_same_race_settles_it_twice(
    wide_database: Database, database: Database, unlocked: Order
):
    outcomes = await race(wide_database, [settling(unlocked)] * 2)

    assert [type(outcome) for outcome in outcomes] == [Moved, Moved]
    assert await came_and_is_kept(database, unlocked) == (DEPOSIT + 2 * BALANCE, DEPOSIT + 2 * BALANCE)


async def test_without_the_locks_a_refund_and_a_settlement_both_happen(
    wide_database: Database, database: Database, unlocked: Order
):
    outcomes = await race(wide_database, [settling(unlocked), refunding(unlocked)])

    assert [type(outcome) for outcome in outcomes] == [Moved, Moved]
    assert await offenders(database) != []


async def test_without_the_locks_a_proof_and_cash_are_decided_on_the_same_facts(
    wide_database: Database, database: Database, unlocked: Order
):
    outcomes = await race(wide_database, [proving(unlocked), settling(unlocked)])

    places = await history(database, unlocked)
    assert [type(outcome) for outcome in outcomes] == [Moved, Moved]
    assert len(set(places)) == len(places) - 1
