"""What staff give back of an order that was paid at a provider: sent by it, once, or left to people with a reason."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from pesan.catalog.models import Event
from pesan.catalog.service import set_status
from pesan.catalog.states import EventStatus
from pesan.checkout.cancellation import end_all, find_canceller
from pesan.checkout.refunds import Approval, refund, refund_tickets
from pesan.checkout.returning import read_part
from pesan.db import Actor
from pesan.kit.ids import new_id
from pesan.orders.models import Order
from pesan.payments.gateways import returns
from pesan.payments.gateways.base import RefundOutcome
from pesan.payments.gateways.returns import ask, begin, send_refunds
from pesan.payments.gateways.sandbox import Act
from pesan.payments.refunds.errors import ProviderSends
from pesan.payments.refunds.levels import refund_levels
from pesan.payments.refunds.models import Refund
from pesan.payments.refunds.queries import list_refunds
from pesan.payments.refunds.service import record_paid
from pesan.payments.refunds.states import OUTCOME_UNKNOWN
from pesan.payments.states import Account
from pesan.tickets.queries import list_tickets
from tests.payments.gateway_steps import Shop, event_of
from tests.payments.steps import offenders
from tests.payments.test_gateway_providers import World, world
from tests.support.factories import SYSTEM, Make
from tests.support.fulfilment import fulfil
from tests.support.providers.server import Fault, Reply

__all__ = ["world"]
PRICE = 150_000
NO_LIMIT = 10**9


async def buy(world: World, make: Make, quantity: int = 1) -> Order:
    """A completed order, paid at the provider."""
    event = await event_of(make, world.shop, max_per_order=4)
    order = await make.order(event, quantity=quantity, wa="+6281234567890", email="budi@contoh.id")
    await world.hear(await world.buy(order))
    await fulfil(make, world.shop.database, order)
    return await world.shop.order(order)


async def buy_at_sandbox(shop: Shop, make: Make, quantity: int = 1) -> Order:
    order = await make.order(await event_of(make, shop, max_per_order=4), quantity=quantity)
    await shop.pay(order, Act.PAY)
    await fulfil(make, shop.database, order)
    return await shop.order(order)


def staff(order: Order) -> Actor:
    return Actor.staff(new_id(), frozenset({order.merchant_id}))


async def give_back(shop: Shop, order: Order, *numbers: int) -> None:
    """The whole order, or some of its tickets."""
    if not numbers:
        await refund(shop.desk, order=order, actor=staff(order), reason="Sakit")
        return
    async with shop.database.read(SYSTEM) as session:
        tickets = await list_tickets(session, order.id)
        part = await read_part(session, order, [tickets[number].id for number in numbers])
    await refund_tickets(shop.desk, part=part, reason="Sakit", approval=Approval(staff(order)))


async def refunds_of(shop: Shop, order: Order) -> list[Refund]:
    async with shop.database.read(SYSTEM) as session:
        return list(await list_refunds(session, order.id))


async def later(owner: AsyncEngine, *, days: int = 0) -> None:
    """As long after the last try as the next one is due."""
    back = f"interval '{days} days 2 hours'"
    async with owner.begin() as connection:
        await connection.execute(
            text(f"UPDATE refunds SET tried_at = tried_at - {back}, approved_at = approved_at - {back}")
        )


def known_refunds(fake: Any) -> list[int]:
    """What the provider sent back, in rupiah."""
    if hasattr(fake, "transactions"):
        told = [each for one in fake.transactions.values() for each in one.get("refunds", ())]
        return [int(float(each["refund_amount"])) for each in told]
    cents = 100 if hasattr(fake, "webhook_secret") else 1
    return [each["amount"] // cents for each in fake.refunds.values()]


def let_finish(fake: Any) -> None:
    """Some banks say later that they sent it."""
    for each in getattr(fake, "refunds", {}).values():
        if each["status"].lower() == "pending":
            fake.finish_refund(each.get("reference_id") or each["metadata"]["refund_key"])


async def sent(world: World, owner: AsyncEngine) -> None:
    await send_refunds(world.shop.gateways)
    let_finish(world.fake)
    await later(owner)
    await send_refunds(world.shop.gateways)


async def test_order_that_staff_give_back_is_sent_by_its_provider(
    world: World, make: Make, owner: AsyncEngine
):
    order = await buy(world, make)

    await give_back(world.shop, order)
    await sent(world, owner)

    (found,) = await refunds_of(world.shop, order)
    assert (found.state, found.method, found.cause) == ("paid", "gateway", "asked")
    assert known_refunds(world.fake) == [PRICE]
    assert await world.shop.balances(order) == {Account.RECEIVED: PRICE, Account.REFUNDED: PRICE}
    assert await offenders(world.shop.database) == {}


async def test_tickets_go_back_in_parts_and_the_rest_at_last(world: World, make: Make, owner: AsyncEngine):
    order = await buy(world, make, quantity=3)

    await give_back(world.shop, order, 0)
    await sent(world, owner)
    await give_back(world.shop, order)
    await sent(world, owner)

    assert [found.state for found in await refunds_of(world.shop, order)] == ["paid", "paid"]
    assert known_refunds(world.fake) == [PRICE, 2 * PRICE]
    assert await world.shop.balances(order) == {Account.RECEIVED: 3 * PRICE, Account.REFUNDED: 3 * PRICE}
    assert await offenders(world.shop.database) == {}


async def test_process_that_dies_after_the_providers_yes_pays_once(
    world: World, make: Make, owner: AsyncEngine
):
    order = await buy(world, make, quantity=2)
    await give_back(world.shop, order, 0)
    (found,) = await refunds_of(world.shop, order)

    sending = await begin(world.shop.gateways, found.id)
    assert sending is not None
    answer = await ask(sending)  # and the process is killed before anything of it is written down
    let_finish(world.fake)
    await later(owner)
    await send_refunds(world.shop.gateways)

    assert answer.outcome in {RefundOutcome.SUCCEEDED, RefundOutcome.PENDING}
    assert known_refunds(world.fake) == [PRICE]
    assert [each.state for each in await refunds_of(world.shop, order)] == ["paid"]
    assert await offenders(world.shop.database) == {}


async def test_answer_that_was_lost_is_asked_for_again(world: World, make: Make, owner: AsyncEngine):
    order = await buy(world, make)
    await give_back(world.shop, order)
    world.fake.faults.append(Fault(drops=True, is_done=True, times=50))

    await send_refunds(world.shop.gateways)
    (waiting,) = await refunds_of(world.shop, order)
    await send_refunds(world.shop.gateways)  # too soon to ask again
    (still,) = await refunds_of(world.shop, order)
    world.fake.faults.clear()
    await later(owner)
    await sent(world, owner)

    assert (waiting.state, waiting.tries, still.tries) == ("approved", 1, 1)
    assert known_refunds(world.fake) == [PRICE]
    assert [each.state for each in await refunds_of(world.shop, order)] == ["paid"]


async def test_refusal_leaves_it_to_people_with_the_reason(world: World, make: Make):
    order = await buy(world, make)
    await give_back(world.shop, order)
    no = {"status_code": "414", "error_code": "INSUFFICIENT_BALANCE", "error": {"code": "no_balance"}}
    world.fake.faults.append(Fault(Reply(400, no), on="POST", times=50))

    await send_refunds(world.shop.gateways)

    (found,) = await refunds_of(world.shop, order)
    assert (found.state, found.tries) == ("failed", 1)
    assert found.failure in {"414", "INSUFFICIENT_BALANCE", "no_balance"}
    actor = staff(order)
    async with world.shop.database.write(actor) as session:
        await record_paid(session, found.id, reference="BCA 12", actor=actor, four_eyes_amount=NO_LIMIT)
    await send_refunds(world.shop.gateways)
    assert known_refunds(world.fake) == []
    assert await offenders(world.shop.database) == {}


@pytest.mark.parametrize("reply", [Reply(401, {"error_code": "INVALID_API_KEY"}), Reply(404)], ids=str)
async def test_refusal_to_say_anything_is_not_one_of_the_refund(
    world: World, make: Make, owner: AsyncEngine, reply: Reply
):
    order = await buy(world, make)
    await give_back(world.shop, order)
    # Only a key is refused where money is asked for; everything that is looked up may be unknown.
    world.fake.faults.append(Fault(reply, on="" if reply.status == 401 else "GET", times=50))

    await send_refunds(world.shop.gateways)
    found = await refunds_of(world.shop, order)
    world.fake.faults.clear()
    await later(owner)
    await sent(world, owner)

    assert [(each.state, each.failure) for each in found] in ([("approved", None)], [("paid", None)])
    assert known_refunds(world.fake) == [PRICE]
    assert [each.state for each in await refunds_of(world.shop, order)] == ["paid"]


async def test_refusal_after_an_answer_that_was_lost_leaves_the_outcome_open(
    world: World, make: Make, owner: AsyncEngine
):
    order = await buy(world, make)
    await give_back(world.shop, order)
    world.fake.faults.append(Fault(drops=True, on="POST", times=50))
    await send_refunds(world.shop.gateways)
    await later(owner)
    world.fake.faults[:] = [Fault(Reply(400, {"status_code": "414"}), on="POST", times=50)]

    await send_refunds(world.shop.gateways)

    (found,) = await refunds_of(world.shop, order)
    assert (found.state, found.failure, found.tries) == ("failed", OUTCOME_UNKNOWN, 2)


async def test_refund_that_was_taken_on_is_only_asked_for(world: World, make: Make, owner: AsyncEngine):
    order = await buy(world, make)
    await give_back(world.shop, order)
    await send_refunds(world.shop.gateways)
    (waiting,) = await refunds_of(world.shop, order)
    let_finish(world.fake)
    world.fake.faults.append(Fault(Reply(400, {"error_code": "REFUND_AMOUNT_EXCEEDED"}), on="POST", times=50))

    await later(owner)
    await send_refunds(world.shop.gateways)

    (found,) = await refunds_of(world.shop, order)
    assert waiting.reference is not None
    assert (found.state, found.reference) == ("paid", waiting.reference)
    assert known_refunds(world.fake) == [PRICE]


async def test_silent_account_is_left_out_after_three_tries(world: World, make: Make):
    orders = [await buy(world, make) for _ in range(4)]
    for order in orders:
        await give_back(world.shop, order)
    world.fake.faults.append(Fault(Reply(429), times=100))

    await send_refunds(world.shop.gateways)

    found = [each for order in orders for each in await refunds_of(world.shop, order)]
    assert sorted(each.tries for each in found) == [0, 1, 1, 1]
    assert [each.state for each in found] == ["approved"] * 4
    assert None not in [each.tried_at for each in found]


async def test_run_ends_within_a_list_when_its_time_is_over(
    shop: Shop, make: Make, monkeypatch: pytest.MonkeyPatch
):
    orders = [await buy_at_sandbox(shop, make) for _ in range(2)]
    for order in orders:
        await give_back(shop, order)
    ticks = iter([0.0, 1.0, 2.0])  # when it began, before the list, and before the first
    monkeypatch.setattr(returns, "monotonic", lambda: next(ticks, 100.0))

    await send_refunds(shop.gateways)

    found = [each.state for order in orders for each in await refunds_of(shop, order)]
    assert sorted(found) == ["approved", "paid"]


async def test_nobody_sends_by_hand_what_the_provider_is_about_to(shop: Shop, make: Make):
    order = await buy_at_sandbox(shop, make)
    await give_back(shop, order)
    (found,) = await refunds_of(shop, order)
    actor = staff(order)

    with pytest.raises(ProviderSends):
        async with shop.database.write(actor) as session:
            await record_paid(session, found.id, reference="BCA 12", actor=actor, four_eyes_amount=NO_LIMIT)

    assert [each.state for each in await refunds_of(shop, order)] == ["approved"]


async def test_account_that_stays_shut_leaves_its_refunds_to_people(
    shop: Shop, make: Make, owner: AsyncEngine
):
    order = await buy_at_sandbox(shop, make)
    await give_back(shop, order)
    async with owner.begin() as connection:
        await connection.execute(text("UPDATE gateway_accounts SET secrets_sealed = '\\x00'"))

    await send_refunds(shop.gateways)
    (first,) = await refunds_of(shop, order)
    await later(owner, days=1)
    await send_refunds(shop.gateways)

    (found,) = await refunds_of(shop, order)
    failed = {level.name: level.readings for level in await refund_levels(shop.database)()}["refunds_failed"]
    assert failed == [({}, 1.0)]
    assert (first.state, first.failure) == ("approved", None)
    assert (found.state, found.failure, found.tries) == ("failed", "gateway.account_sealed", 0)
    actor = staff(order)
    async with shop.database.write(actor) as session:
        await record_paid(session, found.id, reference="BCA 12", actor=actor, four_eyes_amount=NO_LIMIT)
    assert await offenders(shop.database) == {}


async def test_one_refund_that_is_stuck_keeps_no_other_waiting(shop: Shop, make: Make, owner: AsyncEngine):
    stuck, order = await buy_at_sandbox(shop, make), await buy_at_sandbox(shop, make)
    for one in (stuck, order):
        await give_back(shop, one)
    async with owner.begin() as connection:
        await connection.execute(
            text("UPDATE payments SET payment_key = NULL WHERE order_id = :id"), {"id": stuck.id}
        )

    await send_refunds(shop.gateways)

    assert [each.failure for each in await refunds_of(shop, stuck)] == ["not_paid"]
    assert [each.state for each in await refunds_of(shop, order)] == ["paid"]


@pytest.mark.parametrize(("alone_up_to", "state"), [(PRICE, "paid"), (PRICE - 1, "requested")])
async def test_cancelled_event_sends_back_by_itself_what_one_person_may(
    shop: Shop, make: Make, alone_up_to: int, state: str
):
    order = await buy_at_sandbox(shop, make)
    await end_all(shop.desk, [order], asked_by=new_id())

    await send_refunds(shop.gateways, alone_up_to=alone_up_to)

    assert [(each.state, each.method) for each in await refunds_of(shop, order)] == [(state, "gateway")]


async def test_whoever_cancelled_an_event_is_named(shop: Shop, make: Make):
    event = await event_of(make, shop)
    actor = Actor.staff(new_id(), frozenset({event.merchant_id}))
    async with shop.database.write(actor) as session:
        seen = await session.get_one(Event, event.id)
        await set_status(session, event=seen, status=EventStatus.CANCELLED, actor=actor, reason="Hujan")

    async with shop.database.read(SYSTEM) as session:
        assert await find_canceller(session, event.id) == actor.user_id
