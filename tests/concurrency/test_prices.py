"""A price that a buyer agrees to is theirs once, whatever happens to the order at the same moment."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest
from sqlalchemy import URL, text

from pesan.capacity import locks as pool_locks
from pesan.checkout.refunds import Approval, refund_move
from pesan.db import Actor, Database, WriteSession
from pesan.errors import PesanError
from pesan.jastip import companions
from pesan.jastip.models import PriceProposal
from pesan.jastip.service.orders import Counter, confirm_order, ship_order
from pesan.jastip.service.prices import NewPrice, accept_price, propose_price, withdraw_price
from pesan.orders import gate, locks
from pesan.orders.desk import SaleDesk
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.queries import get_order
from pesan.orders.situation import Situation
from pesan.orders.states import OrderEvent
from pesan.payments import CashCompanion, RefundCause
from pesan.realtime import Hub
from pesan.settings import Settings
from tests.support.database import offenders
from tests.support.factories import SYSTEM, Make
from tests.support.postgres import Server
from tests.support.schema import open_database
from tests.support.trips import Journey, make_journey, make_participant, make_product, order

AT_ONCE = 4
DEPOSIT, BALANCE, DEARER, CHEAPER = 40_000, 60_000, 120_000, 30_000
Doing = Callable[[], Awaitable[object]]


@pytest.fixture
async def wide_database(settings: Settings) -> AsyncIterator[Database]:
    """As many connections as there are people who do something."""
    database = open_database(settings.model_copy(update={"database_pool_size": AT_ONCE}), "worker")
    yield database
    await database.dispose()


@pytest.fixture
async def journey(make: Make, database: Database, settings: Settings) -> Journey:
    return await make_journey(make, database, settings, deposit_percent=40)


@pytest.fixture
async def bought(journey: Journey) -> Order:
    """An order of Rp 100.000 whose deposit was taken in cash."""
    placed = await order(journey, await make_participant(journey), (await make_product(journey), 1))
    await confirm_order(journey.counter, placed, actor=journey.staff)
    return await now(journey.counter.database, placed)


@pytest.fixture
async def proposal(journey: Journey, bought: Order) -> PriceProposal:
    return await propose(journey, bought, DEARER)


async def propose(journey: Journey, bought: Order, amount: int) -> PriceProposal:
    async with journey.counter.database.write(journey.staff) as session:
        product = await session.scalar(
            text("SELECT ticket_type_id FROM order_lines WHERE order_id = :id"), {"id": bought.id}
        )
        wish = NewPrice(product, amount)
        await propose_price(session, wish, trip_id=journey.id, actor=journey.staff)
        found = await session.scalar(
            text("SELECT id FROM price_proposals WHERE state = 'proposed' AND order_id = :id"),
            {"id": bought.id},
        )
        return await session.get_one(PriceProposal, found)


async def now(database: Database, seen: Order) -> Order:
    async with database.read(SYSTEM) as session:
        return await get_order(session, seen.id)


def accepting(database: Database, proposal: PriceProposal, bought: Order) -> Doing:
    """By a desk of its own, as in a process of its own."""

    async def accept() -> object:
        desk, buyer = SaleDesk(database, Hub(database.url)), Actor.guest(bought.code)
        return await accept_price(database, desk, proposal.id, order_id=bought.id, actor=buyer)

    return accept


def withdrawing(database: Database, proposal: PriceProposal, journey: Journey) -> Doing:
    async def withdraw() -> object:
        async with database.write(journey.staff) as session:
            return await withdraw_price(session, proposal.id, trip_id=journey.id, actor=journey.staff)

    return withdraw


def moving(database: Database, move: Move) -> Doing:
    async def submit() -> object:
        return await SaleDesk(database, Hub(database.url)).submit(move)

    return submit


def settling(bought: Order) -> Move:
    """As whoever saw the balance, and takes it in cash."""
    cash = CashCompanion(bought.id, bought.merchant_id, BALANCE)
    return Move(
        OrderEvent.SETTLE_BALANCE,
        bought.event_id,
        SYSTEM,
        bought.id,
        companions=(cash,),
        balance_amount=BALANCE,
    )


def refunding(bought: Order, journey: Journey) -> Move:
    approval = Approval(journey.staff)
    return refund_move(bought, cause=RefundCause.ASKED, reason="Barang habis", approval=approval)


async def race(doings: Sequence[Doing]) -> list[str]:
    """What came of each: the word for its refusal, or `done`."""

    async def one(doing: Doing) -> str:
        try:
            await doing()
        except PesanError as refusal:
            return refusal.code
        return "done"

    return list(await asyncio.gather(*map(one, doings)))


async def state_of(database: Database, proposal: PriceProposal) -> str:
    async with database.read(SYSTEM) as session:
        return (await session.get_one(PriceProposal, proposal.id)).state


async def kept(database: Database, bought: Order) -> int:
    """How much of what came is not due back."""
    query = text(
        "SELECT coalesce(-sum(amount), 0) FROM ledger_entries WHERE order_id = :id"
        " AND account IN ('customer', 'fulfilled')"
    )
    async with database.read(SYSTEM) as session:
        return int((await session.execute(query, {"id": bought.id})).scalar_one())


async def test_a_price_is_agreed_to_or_withdrawn(wide_database, database, journey, bought, proposal):
    said = await race(
        [accepting(wide_database, proposal, bought), withdrawing(wide_database, proposal, journey)]
    )

    after = await now(database, bought)
    assert sorted(said) == ["done", "jastip.proposal_answered"]
    expected = ("accepted", DEARER) if said[0] == "done" else ("withdrawn", DEPOSIT + BALANCE)
    assert (await state_of(database, proposal), after.total_amount) == expected
    assert after.total_amount - after.balance_due_amount == await kept(database, bought) == DEPOSIT
    assert await offenders(database) == []


async def test_agreeing_several_times_at_once_changes_the_price_once(
    wide_database, database, bought, proposal
):
    said = await race([accepting(wide_database, proposal, bought)] * AT_ONCE)

    after = await now(database, bought)
    assert said == ["done"] * AT_ONCE
    assert (after.total_amount, after.balance_due_amount) == (DEARER, DEARER - DEPOSIT)
    assert await offenders(database) == []


@pytest.mark.parametrize("price", [DEARER, CHEAPER])
async def test_an_agreement_and_the_old_balance_leave_the_books_in_order(
    wide_database, database, journey, bought, price
):
    proposal = await propose(journey, bought, price)

    said = await race([accepting(wide_database, proposal, bought), moving(wide_database, settling(bought))])

    after = await now(database, bought)
    assert "done" in said
    assert set(said) <= {"done", "orders.balance_changed", "orders.balance_settled"}
    assert after.total_amount == (price if said[0] == "done" else DEPOSIT + BALANCE)
    assert after.total_amount - after.balance_due_amount == await kept(database, bought)
    assert await offenders(database) == []


async def test_an_order_is_repriced_before_it_is_sent_or_not_at_all(
    wide_database, database, journey, bought, proposal
):
    await confirm_order(journey.counter, bought, actor=journey.staff)
    paid = await now(database, bought)
    counter = Counter(wide_database, SaleDesk(wide_database, Hub(database.url)), journey.counter.room)

    async def ship() -> object:
        return await ship_order(counter, paid, actor=journey.staff, courier="JNE", tracking_no=None)

    said = await race([accepting(wide_database, proposal, paid), ship])

    after = await now(database, bought)
    assert said in (["done", "orders.balance_due"], ["orders.wrong_state", "done"])
    total = {"done": DEARER, "orders.wrong_state": DEPOSIT + BALANCE}[said[0]]
    assert (after.state, after.total_amount) == ("PAID" if said[0] == "done" else "COMPLETED", total)
    assert await offenders(database) == []


@pytest.mark.parametrize("price", [DEARER, CHEAPER])
async def test_an_agreement_and_a_refund_leave_no_money_behind(
    wide_database, database, journey, bought, price
):
    proposal = await propose(journey, bought, price)

    said = await race(
        [accepting(wide_database, proposal, bought), moving(wide_database, refunding(bought, journey))]
    )

    assert said[1] == "done"
    assert said[0] in {"done", "orders.wrong_state"}
    assert ((await now(database, bought)).state, await kept(database, bought)) == ("REFUNDED", 0)
    assert await offenders(database) == []


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch, postgres: Server, database_url: URL) -> None:
    """A gate without its locks, whose racers read before any writes; the history takes what comes."""
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


async def test_without_the_locks_the_old_balance_is_taken_for_the_new_one(
    wide_database, database, bought, proposal, unlocked
):
    said = await race([accepting(wide_database, proposal, bought), moving(wide_database, settling(bought))])

    after = await now(database, bought)
    is_lost = after.total_amount - after.balance_due_amount != await kept(database, bought)
    assert said == ["done", "done"]
    assert is_lost or await offenders(database) != []


async def test_without_the_locks_a_refund_and_an_agreement_both_happen(
    wide_database, database, journey, bought, proposal, unlocked
):
    said = await race(
        [accepting(wide_database, proposal, bought), moving(wide_database, refunding(bought, journey))]
    )

    assert said == ["done", "done"]
    assert await offenders(database) != []


async def test_without_a_look_at_its_state_a_withdrawn_price_is_agreed_to(
    wide_database, database, journey, bought, proposal, monkeypatch
):
    blind = companions._ACCEPT.text.replace(" AND p.state = 'proposed'", "")
    monkeypatch.setattr(companions, "_ACCEPT", text(blind))
    await withdrawing(wide_database, proposal, journey)()

    said = await race([accepting(wide_database, proposal, bought)])

    assert said == ["done"]
    assert await state_of(database, proposal) == "accepted"
