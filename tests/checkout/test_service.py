"""The journeys of a purchase: free, in cash, approved, refused, too late."""

from decimal import Decimal

import pytest

from pesan.checkout import service
from pesan.checkout.room import DiskRoom
from pesan.checkout.schemas import BuyerFields
from pesan.db import Actor
from pesan.orders.desk import SaleDesk
from pesan.orders.errors import AlreadyDecided, NotYourOrder, ReasonMissing, WrongState
from pesan.orders.moves import LineWish
from pesan.orders.states import OrderState
from pesan.tickets.tasks import fulfil_order
from tests.payments.steps import BANK, add_method, choose, send_proof
from tests.support.database import offenders
from tests.support.factories import SYSTEM

BUYER = BuyerFields(name="Siti Nurhaliza", email="siti@contoh.id")


@pytest.fixture
def desk(deps) -> SaleDesk:
    return deps[SaleDesk]


@pytest.fixture
def ledger(execute):
    """The balance of each account, empty ones left out."""

    def read(order) -> dict[str, int]:
        rows = execute(
            "SELECT account, sum(amount)::int FROM ledger_entries WHERE order_id = %s"
            " GROUP BY account HAVING sum(amount) <> 0 ORDER BY account",
            order.id,
        )
        return dict(rows)

    return read


async def test_free_event_is_paid_at_once_and_fulfilled(deps, desk, make, fresh, execute, ledger, database):
    event = await make.event(price_amount=0)

    moved = await service.place_hold(
        desk,
        event_id=event.id,
        buyer=BUYER,
        lines=[LineWish()],
        actor=Actor.guest(),
        locale="id",
        room=deps[DiskRoom],
    )
    jobs = execute("SELECT task_name, args->>'order_id' FROM procrastinate_jobs ORDER BY id")
    await fulfil_order(deps, moved.order_id)

    order = await fresh(type("Id", (), {"id": moved.order_id}))
    assert moved.state is OrderState.PAID
    assert jobs == [(name, str(moved.order_id)) for name in ("tickets.fulfil_order", "risk.look")]
    assert order.state == "COMPLETED"
    assert execute("SELECT state FROM tickets") == [("active",)]
    assert execute("SELECT held, used FROM capacity_pools") == [(0, 1)]
    assert ledger(order) == {}
    assert await offenders(database) == []


async def test_approval_captures_the_exact_amount_and_fulfils(
    deps, desk, make, fresh, execute, ledger, database
):
    order = await make.order(email="siti@contoh.id")
    payment = await choose(database, order, (await add_method(database, order.merchant_id, BANK)).id)
    await send_proof(make, order)

    await service.approve(desk, order=order, actor=SYSTEM)
    approved, captured = (await fresh(order)).state, ledger(order)
    await fulfil_order(deps, order.id)

    assert (approved, (await fresh(order)).state) == ("PAID", "COMPLETED")
    assert captured == {"customer": -payment.amount, "received": payment.amount}
    assert ledger(order) == {"fulfilled": -payment.amount, "received": payment.amount}
    assert execute("SELECT state FROM payments") == [("paid",)]
    assert await offenders(database) == []


async def test_second_reviewer_is_told_that_it_is_decided(desk, make, execute):
    order = await make.order(state=OrderState.REVIEW)
    await service.approve(desk, order=order, actor=SYSTEM)
    before = execute("SELECT count(*) FROM ledger_entries")

    with pytest.raises(AlreadyDecided) as refusal:
        await service.reject(desk, order=order, actor=SYSTEM, reason="Nominal tidak sesuai")

    assert refusal.value.params == {"state": "PAID"}
    assert execute("SELECT count(*) FROM ledger_entries") == before


@pytest.mark.parametrize("reason", ["", "   "])
async def test_rejection_needs_a_reason(desk, make, fresh, reason):
    order = await make.order(state=OrderState.REVIEW)

    with pytest.raises(ReasonMissing):
        await service.reject(desk, order=order, actor=SYSTEM, reason=reason)

    assert (await fresh(order)).state == "REVIEW"


async def test_cash_counts_what_the_order_costs_and_gives_up_the_chosen_method(
    deps, desk, make, fresh, execute, ledger, database
):
    order = await make.order()
    payment = await choose(database, order, (await add_method(database, order.merchant_id, BANK)).id)

    await service.accept_cash(desk, order=order, actor=SYSTEM)
    await fulfil_order(deps, order.id)

    assert payment.amount > 150_000
    assert (await fresh(order)).state == "COMPLETED"
    assert ledger(order) == {"fulfilled": -150_000, "received": 150_000}
    assert execute("SELECT state, amount FROM payments ORDER BY amount") == [
        ("paid", 150_000),
        ("superseded", payment.amount),
    ]
    assert await offenders(database) == []


async def test_cash_is_for_staff(desk, make, fresh):
    order = await make.order()

    with pytest.raises(NotYourOrder):
        await service.accept_cash(desk, order=order, actor=Actor.guest(order.code))

    assert (await fresh(order)).state == "HOLD"


@pytest.mark.parametrize("ended", [OrderState.CANCELLED, OrderState.REJECTED])
async def test_late_money_takes_the_place_back_while_there_is_one(
    deps, desk, make, fresh, execute, ledger, database, ended
):
    order = await make.order(await make.event(capacity=1), state=ended)

    await service.accept_late(desk, order=order, actor=SYSTEM, reason="Uang masuk")
    await fulfil_order(deps, order.id)

    assert (await fresh(order)).state == "COMPLETED"
    assert execute("SELECT held, used FROM capacity_pools") == [(0, 1)]
    assert ledger(order) == {"fulfilled": -150_000, "received": 150_000}
    assert execute("SELECT reason FROM audit_private WHERE reason IS NOT NULL ORDER BY reason")[-1] == (
        "Uang masuk",
    )
    assert await offenders(database) == []


async def test_late_money_for_a_place_that_went_to_another_is_due_back(
    desk, make, fresh, execute, ledger, database
):
    event = await make.event(capacity=1)
    order = await make.order(event, state=OrderState.CANCELLED)
    await make.order(event, state=OrderState.REVIEW)

    moved = await service.accept_late(desk, order=order, actor=SYSTEM, reason="Uang masuk")

    assert moved.state is OrderState.CANCELLED
    assert (await fresh(order)).state == "CANCELLED"
    assert execute("SELECT held, used FROM capacity_pools") == [(0, 1)]
    assert ledger(order) == {"received": 150_000, "refund_due": -150_000}
    assert execute("SELECT count(*) FROM tickets") == [(0,)]
    assert await offenders(database) == []


async def test_late_money_needs_the_places_of_all_lines_together(
    desk, make, fresh, execute, ledger, database
):
    event = await make.event(capacity=3, hold_ratio=Decimal(1), max_per_order=2)
    order = await make.order(event, lines=(LineWish(), LineWish()), state=OrderState.CANCELLED)
    await make.order(event, quantity=2, state=OrderState.REVIEW)

    moved = await service.accept_late(desk, order=order, actor=SYSTEM, reason="Uang masuk")

    assert moved.state is OrderState.CANCELLED
    assert execute("SELECT held, used FROM capacity_pools") == [(0, 2)]
    assert ledger(order) == {"received": 300_000, "refund_due": -300_000}
    assert await offenders(database) == []


async def test_completed_order_cannot_be_cancelled(desk, make, fresh):
    order = await make.order(state=OrderState.COMPLETED)

    with pytest.raises(WrongState):
        await service.cancel(desk, order=order, actor=SYSTEM)

    assert (await fresh(order)).state == "COMPLETED"


async def test_cancel_gives_the_amount_of_the_order_nothing_back_but_its_place(desk, make, execute, database):
    order = await make.order()

    await service.cancel(desk, order=order, actor=Actor.guest(order.code))

    assert execute("SELECT held, used FROM capacity_pools") == [(0, 0)]
    assert await offenders(database) == []
