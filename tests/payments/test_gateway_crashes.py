"""A process may die at any point between a capture and its commit: each capture ends as exactly one thing."""

from enum import Enum, auto

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments.gateways.errors import AccountSealed
from pesan.payments.gateways.inbox import handle_notice
from pesan.payments.gateways.models import WebhookEvent
from pesan.payments.gateways.reconciliation import ask_again, close_ended
from pesan.payments.gateways.registry import Gateways
from pesan.payments.gateways.resealing import reseal_accounts
from pesan.payments.gateways.returns import send_refunds
from pesan.payments.gateways.sandbox import Act
from pesan.payments.gateways.settle import note
from pesan.payments.models import Payment
from pesan.payments.states import Account
from tests.payments.gateway_steps import Shop, event_of, make_gateways
from tests.payments.steps import offenders
from tests.payments.test_gateway_jobs import pass_time
from tests.support.factories import SYSTEM, Make

PRICE = 150_000
ROUNDS = 50
PLACES = 30


class Dies(Enum):
    """Where the process that takes a payment is killed."""

    BEFORE_THE_WEBHOOK = auto()
    AFTER_THE_WEBHOOK = auto()
    AFTER_THE_NOTE = auto()
    NEVER = auto()


async def take_and_die(shop: Shop, order: Order, point: Dies) -> None:
    """The buyer pays, and whoever should hear of it is gone at this point."""
    await shop.choose(order)
    (sent,) = await shop.press(order, Act.PAY)
    if point is Dies.BEFORE_THE_WEBHOOK:
        return
    await shop.take(sent)
    if point is Dies.AFTER_THE_NOTE:
        remote = await (await shop.sandbox()).fetch(await shop.reference(order), None)
        assert remote is not None
        async with shop.database.write(SYSTEM) as session:
            await note(session, shop.account, remote)
    if point is Dies.NEVER:
        async with shop.database.read(SYSTEM) as session:
            told = select(WebhookEvent.id).where(WebhookEvent.reference == await shop.reference(order))
            event_id = (await session.scalars(told)).one()
        await handle_notice(shop.gateways, shop.desk, event_id)


async def test_each_capture_ends_as_exactly_one_thing(shop: Shop, make: Make, owner: AsyncEngine):
    event = await event_of(make, shop, capacity=PLACES)
    orders = []
    for number in range(ROUNDS):
        order = await make.order(event)
        orders.append(order)
        await take_and_die(shop, order, Dies(number % len(Dies) + 1))
        if (
            number % 3 and (await shop.order(order)).state == OrderState.HOLD
        ):  # given back, though it was paid
            await make.move(Move(OrderEvent.CANCEL, order.event_id, SYSTEM, order.id))

    await pass_time(owner, 2)
    for _ in range(2):
        await close_ended(shop.gateways, shop.desk)
        await ask_again(shop.gateways, shop.desk)
        await shop.handle_all()
        await send_refunds(shop.gateways)

    balances = [await shop.balances(order) for order in orders]
    kept = {Account.RECEIVED: PRICE, Account.CUSTOMER: PRICE}
    returned = {Account.RECEIVED: PRICE, Account.REFUNDED: PRICE}
    assert [held for held in balances if held not in (kept, returned)] == []
    assert balances.count(kept) == PLACES
    async with shop.database.read(SYSTEM) as session:
        states = (await session.scalars(select(Payment.state))).all()
    assert sorted(states) == ["paid"] * ROUNDS
    assert await offenders(shop.database) == {}


async def test_accounts_are_sealed_anew_with_a_new_secret(shop: Shop, order: Order):
    old, new = shop.gateways.secret, b"rahasia-baru-yang-panjang-sekali-0123456789"
    async with shop.database.write(SYSTEM) as session:
        first = await reseal_accounts(session, old=old, new=new, actor=SYSTEM)
    async with shop.database.write(SYSTEM) as session:
        second = await reseal_accounts(session, old=old, new=new, actor=SYSTEM)

    renewed = make_gateways(shop.database, new)
    shop.gateways = renewed
    await shop.pay(order)
    await renewed.http.aclose()
    assert (first, second) == (1, 0)
    assert (await shop.order(order)).state == OrderState.PAID


async def test_accounts_of_an_unknown_secret_stay_as_they_are(shop: Shop, order: Order):
    with pytest.raises(AccountSealed):
        async with shop.database.write(SYSTEM) as session:
            await reseal_accounts(session, old=b"salah" * 10, new=b"lain" * 10, actor=SYSTEM)

    await shop.pay(order)
    assert (await shop.order(order)).state == OrderState.PAID


async def test_a_wrong_secret_opens_no_account(shop: Shop, order: Order):
    wrong: Gateways = make_gateways(shop.database, b"salah" * 10)
    shop.gateways = wrong

    with pytest.raises(AccountSealed):
        await shop.choose(order)
    await wrong.http.aclose()
