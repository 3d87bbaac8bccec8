"""Another price, proposed to whoever paid: asked, agreed to, refused, taken back, and what becomes of the money."""

import pytest
from sqlalchemy import select, text

from pesan.checkout import service as checkout
from pesan.checkout.refunds import accept_again, refund
from pesan.db import Actor, Database
from pesan.errors import PesanError
from pesan.jastip.errors import NothingToPropose, ProposalAnswered, ProposalNotFound
from pesan.jastip.models import PriceProposal, Product
from pesan.jastip.service.orders import confirm_order, ship_order
from pesan.jastip.service.prices import NewPrice, accept_price, decline_price, propose_price, withdraw_price
from pesan.orders.errors import BalanceChanged, BalanceDue, WrongState
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.queries import get_order, list_lines
from pesan.orders.states import OrderEvent
from pesan.payments import RefundCause, RefundDueCompanion
from pesan.payments.ledger import get_balances
from pesan.payments.models import Payment
from pesan.payments.refunds.queries import list_refunds
from pesan.payments.refunds.service import request_refund
from pesan.payments.service.selection import select_method
from tests.support.database import offenders
from tests.support.factories import SYSTEM
from tests.support.trips import Journey, make_journey, make_participant, make_product, order


@pytest.fixture
async def journey(make, database, settings) -> Journey:
    return await make_journey(make, database, settings)


async def bought(journey: Journey, *items: tuple[Product, int]) -> Order:
    """A paid order of these, by somebody new."""
    placed = await order(journey, await make_participant(journey), *items)
    await confirm_order(journey.counter, placed, actor=journey.staff)
    return await again(journey, placed)


async def again(journey: Journey, seen: Order) -> Order:
    async with journey.counter.database.read(SYSTEM) as session:
        return await get_order(session, seen.id)


async def propose(journey: Journey, product: Product, amount: int, of: Order | None = None) -> int:
    async with journey.counter.database.write(journey.staff) as session:
        return await propose_price(
            session,
            NewPrice(product.id, amount, "Naik di toko"),
            trip_id=journey.id,
            actor=journey.staff,
            order_id=of.id if of else None,
        )


async def proposals(database: Database, seen: Order) -> list[PriceProposal]:
    async with database.read(SYSTEM) as session:
        query = select(PriceProposal).where(PriceProposal.order_id == seen.id)
        return list(await session.scalars(query.order_by(PriceProposal.created_at)))


async def accept(journey: Journey, seen: Order, proposal: PriceProposal) -> object:
    counter, buyer = journey.counter, Actor.guest(seen.code)
    return await accept_price(counter.database, counter.sales, proposal.id, order_id=seen.id, actor=buyer)


def sums(seen: Order) -> tuple[int, int, int]:
    return seen.subtotal_amount, seen.total_amount, seen.balance_due_amount


async def test_whoever_paid_and_waits_is_asked_and_nobody_else(journey, database):
    dear = await make_product(journey, stock=9)
    other = await make_product(journey)
    first, second = await bought(journey, (dear, 2), (other, 1)), await bought(journey, (dear, 1))
    await bought(journey, (other, 1))
    sent = await bought(journey, (dear, 1))
    await ship_order(journey.counter, sent, actor=journey.staff, courier="JNE", tracking_no=None)
    unpaid = await order(journey, await make_participant(journey), (dear, 1))

    assert await propose(journey, dear, 120_000) == 2

    asked = [(await proposals(database, each)) for each in (first, second, sent, unpaid)]
    assert [len(each) for each in asked] == [1, 1, 0, 0]
    one = asked[0][0]
    assert (one.old_amount, one.new_amount, one.quantity, one.state) == (100_000, 120_000, 2, "proposed")
    assert sums(await again(journey, first)) == (300_000, 300_000, 0)


async def test_a_higher_price_that_is_agreed_to_is_asked_for_before_anything_is_sent(journey, database):
    dear = await make_product(journey)
    seen = await bought(journey, (dear, 2))
    await propose(journey, dear, 120_000)
    (proposal,) = await proposals(database, seen)

    await accept(journey, seen, proposal)

    now = await again(journey, seen)
    assert sums(now) == (240_000, 240_000, 40_000)
    async with database.read(SYSTEM) as session:
        assert [line.unit_amount for line in await list_lines(session, seen.id)] == [120_000]
    with pytest.raises(BalanceDue):
        await ship_order(journey.counter, now, actor=journey.staff, courier="JNE", tracking_no=None)
    await confirm_order(journey.counter, now, actor=journey.staff)
    await ship_order(journey.counter, now, actor=journey.staff, courier="JNE", tracking_no=None)
    async with database.read(SYSTEM) as session:
        assert await get_balances(session, seen.id) == {
            "received": 240_000,
            "customer": 0,
            "fulfilled": 240_000,
        }
    assert await offenders(database) == []


async def test_a_lower_price_owes_back_what_was_paid_too_much(journey, database):
    dear = await make_product(journey)
    seen = await bought(journey, (dear, 2))
    await propose(journey, dear, 70_000)
    (proposal,) = await proposals(database, seen)

    await accept(journey, seen, proposal)

    assert sums(await again(journey, seen)) == (140_000, 140_000, 0)
    async with database.read(SYSTEM) as session:
        (owed,) = await list_refunds(session, seen.id)
        assert (owed.amount, owed.cause, owed.state) == (60_000, "price_lowered", "requested")
        assert await get_balances(session, seen.id) == {
            "received": 200_000,
            "customer": 140_000,
            "refund_due": 60_000,
        }
    assert await offenders(database) == []


async def test_a_lower_price_takes_from_the_balance_before_anything_is_owed(make, database, settings):
    journey = await make_journey(make, database, settings, deposit_percent=30)
    dear = await make_product(journey)
    seen = await bought(journey, (dear, 1))
    await propose(journey, dear, 60_000)
    (cheaper,) = await proposals(database, seen)

    await accept(journey, seen, cheaper)

    assert sums(await again(journey, seen)) == (60_000, 60_000, 30_000)
    await propose(journey, dear, 20_000)
    await accept(journey, seen, (await proposals(database, seen))[-1])
    assert sums(await again(journey, seen)) == (20_000, 20_000, 0)
    async with database.read(SYSTEM) as session:
        assert [refund.amount for refund in await list_refunds(session, seen.id)] == [10_000]
    assert await offenders(database) == []


async def test_an_order_whose_price_fell_goes_back_with_what_is_left_of_its_money(journey, database):
    dear = await make_product(journey)
    seen = await bought(journey, (dear, 1))
    await propose(journey, dear, 70_000)
    await accept(journey, seen, (await proposals(database, seen))[0])

    await refund(journey.counter.sales, order=await again(journey, seen), actor=journey.staff, reason="Habis")

    async with database.read(SYSTEM) as session:
        assert [(each.amount, each.cause) for each in await list_refunds(session, seen.id)] == [
            (30_000, "price_lowered"),
            (70_000, "asked"),
        ]
    assert await offenders(database) == []


async def test_what_asks_for_the_old_balance_is_given_up(make, database, settings):
    journey = await make_journey(make, database, settings, deposit_percent=50)
    dear = await make_product(journey)
    seen = await bought(journey, (dear, 1))
    method = await make.method(journey.merchant)
    async with database.write(SYSTEM) as session:
        own = await get_order(session, seen.id)
        await select_method(session, order=own, method_id=method.id, actor=SYSTEM)
    await propose(journey, dear, 110_000)

    await accept(journey, seen, (await proposals(database, seen))[0])

    async with database.read(SYSTEM) as session:
        states = await session.scalars(select(Payment.state).where(Payment.order_id == seen.id))
        assert sorted(states) == ["paid", "superseded"]
    with pytest.raises(BalanceChanged):
        await checkout.accept_balance_cash(journey.counter.sales, order=seen, actor=journey.staff)


async def test_agreeing_twice_changes_the_price_once(journey, database):
    dear = await make_product(journey)
    seen = await bought(journey, (dear, 1))
    await propose(journey, dear, 120_000)
    (proposal,) = await proposals(database, seen)
    await accept(journey, seen, proposal)

    assert await accept(journey, seen, proposal) is None

    assert sums(await again(journey, seen)) == (120_000, 120_000, 20_000)


async def test_what_was_refused_changes_nothing_and_can_be_proposed_again(journey, database):
    dear = await make_product(journey)
    seen = await bought(journey, (dear, 1))
    await propose(journey, dear, 120_000)
    (proposal,) = await proposals(database, seen)
    buyer = Actor.guest(seen.code)
    for _ in range(2):
        async with database.write(buyer) as session:
            await decline_price(session, proposal.id, order_id=seen.id, actor=buyer)

    with pytest.raises(ProposalAnswered):
        await accept(journey, seen, proposal)

    assert sums(await again(journey, seen)) == (100_000, 100_000, 0)
    assert await propose(journey, dear, 110_000) == 1


async def test_what_was_withdrawn_cannot_be_agreed_to(journey, database):
    dear = await make_product(journey)
    seen = await bought(journey, (dear, 1))
    await propose(journey, dear, 120_000)
    (proposal,) = await proposals(database, seen)
    async with database.write(journey.staff) as session:
        await withdraw_price(session, proposal.id, trip_id=journey.id, actor=journey.staff)

    with pytest.raises(ProposalAnswered):
        await accept(journey, seen, proposal)

    assert sums(await again(journey, seen)) == (100_000, 100_000, 0)
    assert [each.state for each in await proposals(database, seen)] == ["withdrawn"]


async def test_another_proposal_takes_the_place_of_an_open_one(journey, database):
    dear = await make_product(journey)
    seen = await bought(journey, (dear, 1))
    await propose(journey, dear, 120_000)

    assert await propose(journey, dear, 130_000, of=seen) == 1

    assert [(each.new_amount, each.state) for each in await proposals(database, seen)] == [
        (120_000, "withdrawn"),
        (130_000, "proposed"),
    ]
    with pytest.raises(NothingToPropose):
        await propose(journey, dear, 130_000)
    with pytest.raises(NothingToPropose):
        await propose(journey, dear, 130_000, of=seen)


async def test_asking_many_costs_what_asking_one_costs(journey, database, count_queries):
    dear = await make_product(journey, stock=9)
    seen = [await bought(journey, (dear, 1))]
    costs = []
    for amounts in ((120_000, 130_000), (140_000, 150_000)):
        for amount in amounts:
            with count_queries() as statements:
                assert await propose(journey, dear, amount) == len(seen)
        costs.append(len(statements))
        seen += [await bought(journey, (dear, 1)) for _ in range(3)]

    assert costs[0] == costs[1]
    assert [each.state for each in await proposals(database, seen[0])] == ["withdrawn"] * 3 + ["proposed"]
    assert await offenders(database) == []


async def test_nobody_is_asked_about_the_price_that_they_have(journey):
    dear = await make_product(journey)
    await bought(journey, (dear, 1))

    with pytest.raises(NothingToPropose):
        await propose(journey, dear, 100_000)


async def test_an_order_that_was_sent_is_not_repriced(journey, database):
    dear = await make_product(journey)
    seen = await bought(journey, (dear, 1))
    await propose(journey, dear, 120_000)
    await ship_order(journey.counter, seen, actor=journey.staff, courier="JNE", tracking_no=None)
    (proposal,) = await proposals(database, seen)

    with pytest.raises(WrongState):
        await accept(journey, seen, proposal)

    assert sums(await again(journey, seen)) == (100_000, 100_000, 0)
    assert [each.state for each in await proposals(database, seen)] == ["proposed"]
    assert await offenders(database) == []


async def test_nobody_answers_for_somebody_else(journey, database):
    dear = await make_product(journey)
    seen, other = await bought(journey, (dear, 1)), await bought(journey, (dear, 1))
    await propose(journey, dear, 120_000, of=seen)
    (proposal,) = await proposals(database, seen)

    with pytest.raises(ProposalNotFound):
        await accept(journey, other, proposal)
    refused: list[type[PesanError]] = []
    stranger = Actor.guest(other.code)
    for answer, where in ((decline_price, {"order_id": seen.id}), (withdraw_price, {"trip_id": journey.id})):
        try:
            async with database.write(stranger) as session:
                await answer(session, proposal.id, actor=stranger, **where)
        except PesanError as error:
            refused.append(type(error))

    assert refused == [ProposalNotFound, ProposalNotFound]
    assert [each.state for each in await proposals(database, seen)] == ["proposed"]


async def test_a_buyer_cannot_say_by_themselves_that_a_price_is_agreed(journey, database):
    dear = await make_product(journey)
    seen = await bought(journey, (dear, 1))
    await propose(journey, dear, 50_000)
    spoof = text("UPDATE price_proposals SET state = 'accepted', answered_at = now()")

    with pytest.raises(Exception, match="row-level security"):
        async with database.write(Actor.guest(seen.code)) as session:
            await session.execute(spoof)

    assert sums(await again(journey, seen)) == (100_000, 100_000, 0)


@pytest.mark.parametrize(
    ("damage", "rules"),
    [
        (
            "UPDATE order_lines SET unit_amount = unit_amount + 1",
            ["orders.cost_what_their_lines_do", "jastip.accepted_prices_count"],
        ),
        ("UPDATE price_proposals SET state = 'declined'", ["jastip.prices_change_by_consent"]),
    ],
)
async def test_the_doctor_names_prices_that_nobody_agreed_to(
    journey, database, postgres, database_url, damage, rules
):
    dear = await make_product(journey)
    seen = await bought(journey, (dear, 1))
    await propose(journey, dear, 120_000)
    await accept(journey, seen, (await proposals(database, seen))[0])

    with postgres.connect(database_url.database) as connection:
        connection.execute(damage)

    assert [name for name, *_ in await offenders(database)] == rules


async def test_an_order_that_nobody_paid_keeps_the_price_that_it_was_promised(journey, database):
    dear = await make_product(journey)
    held = await order(journey, await make_participant(journey), (dear, 1))

    with pytest.raises(NothingToPropose):
        await propose(journey, dear, 120_000, of=held)

    assert sums(await again(journey, held)) == (100_000, 100_000, 0)


async def test_money_for_the_old_balance_that_a_provider_brings_is_due_back(make, database, settings):
    journey = await make_journey(make, database, settings, deposit_percent=50)
    dear = await make_product(journey)
    seen = await bought(journey, (dear, 1))
    await propose(journey, dear, 110_000)
    await accept(journey, seen, (await proposals(database, seen))[0])

    due = RefundDueCompanion(seen.id, seen.merchant_id, 50_000, RefundCause.PAID_AGAIN)
    await make.move(Move(OrderEvent.PAY_AGAIN, journey.id, SYSTEM, seen.id, companions=(due,)))

    assert sums(await again(journey, seen)) == (110_000, 110_000, 60_000)
    async with database.read(SYSTEM) as session:
        assert [each.amount for each in await list_refunds(session, seen.id)] == [50_000]
    assert await offenders(database) == []


async def test_money_that_came_again_leaves_what_asks_for_the_balance_open(make, database, settings):
    journey = await make_journey(make, database, settings, deposit_percent=50)
    dear = await make_product(journey)
    seen = await bought(journey, (dear, 1))
    method = await make.method(journey.merchant)
    async with database.write(SYSTEM) as session:
        own = await get_order(session, seen.id)
        await select_method(session, order=own, method_id=method.id, actor=SYSTEM)

    await accept_again(
        journey.counter.sales, order=seen, actor=journey.staff, amount=50_321, reason="Mutasi 21 Nov"
    )

    async with database.read(SYSTEM) as session:
        query = select(Payment.state, Payment.is_balance).where(Payment.order_id == seen.id)
        assert sorted(tuple(row) for row in await session.execute(query)) == [
            ("open", True),
            ("paid", False),
            ("paid", False),
        ]
        assert [each.amount for each in await list_refunds(session, seen.id)] == [50_321]
        assert await get_balances(session, seen.id) == {
            "received": 100_321,
            "customer": 50_000,
            "refund_due": 50_321,
        }
    assert await offenders(database) == []


async def test_prices_that_are_lowered_in_steps_weigh_together(journey, database):
    dear = await make_product(journey)
    seen = await bought(journey, (dear, 1))
    for price in (60_000, 20_000):
        await propose(journey, dear, price)
        await accept(journey, seen, (await proposals(database, seen))[-1])

    async with database.write(journey.staff) as session:
        await request_refund(session, order_id=seen.id, reason="Habis", actor=journey.staff)

    async with database.read(SYSTEM) as session:
        assert [(each.amount, each.weighed_amount) for each in await list_refunds(session, seen.id)] == [
            (40_000, 40_000),
            (40_000, 80_000),
            (20_000, 100_000),
        ]
    assert await offenders(database) == []
