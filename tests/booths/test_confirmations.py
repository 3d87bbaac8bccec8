"""A merchant's own program confirms what was paid for a time at a booth: `POST /payment/confirm`."""

from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import select

from pesan.booths.desk import BoothDesk
from pesan.booths.states import SessionState
from pesan.booths.tasks import fulfil_order
from pesan.checkout.telling import kind_of
from pesan.db import Database
from pesan.kit.registry import Registry
from pesan.notifications.states import Kind
from pesan.orders.desk import SaleDesk
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments import ledger
from pesan.payments.gateways.confirm_keys import find_key, renew_secret
from pesan.payments.gateways.models import WebhookEvent
from pesan.payments.refunds.queries import list_refunds
from pesan.payments.refunds.states import RefundCause
from pesan.payments.states import Account
from pesan.payments.tasks import handle_confirmation
from pesan.realtime import Hub
from pesan.settings import Settings
from tests.payments.confirm_steps import PATH, Program
from tests.payments.gateway_steps import make_gateways
from tests.support.booths import Place, book, make_place, read_session
from tests.support.database import offenders
from tests.support.factories import SYSTEM, Make
from tests.support.providers.server import Signed

PRICE = 50_000


@pytest.fixture
def deps(database: Database) -> Registry:
    """What a worker has, as far as these jobs ask for it."""
    registry = Registry()
    registry.add(Database, database)
    hub = registry.add(Hub, Hub())
    sales = registry.add(SaleDesk, SaleDesk(database, hub))
    registry.add(BoothDesk, BoothDesk(database, hub, sales))
    return registry


@pytest.fixture
async def place(make: Make, database: Database) -> Place:
    return await make_place(make, database)


@pytest.fixture
async def program(place: Place, database: Database, settings: Settings) -> AsyncIterator[Program]:
    gateways, merchant_id = make_gateways(database, settings.secret), place.event.merchant_id
    secret = await renew_secret(gateways, merchant_id=merchant_id, actor=SYSTEM)
    async with database.read(SYSTEM) as session:
        key = await find_key(session, merchant_id)
    assert key is not None
    yield Program(None, key.id, secret)  # type: ignore[arg-type]  what sends by itself is not needed
    await gateways.http.aclose()


async def confirm(client: httpx.AsyncClient, deps: Registry, sent: Signed) -> tuple[int, str | None]:
    """Send it and run its job: what was answered, and what came of it."""
    answer = await client.post(PATH, content=sent.body, headers=sent.headers)
    newest = select(WebhookEvent).order_by(WebhookEvent.id.desc()).limit(1)
    async with deps[Database].read(SYSTEM) as session:
        event = (await session.scalars(newest)).one()
    await handle_confirmation(deps, event.id)
    async with deps[Database].read(SYSTEM) as session:
        return answer.status_code, (await session.scalars(newest)).one().outcome


async def state_of(database: Database, order: Order) -> OrderState:
    async with database.read(SYSTEM) as session:
        return OrderState((await session.get_one(Order, order.id)).state)


async def test_a_confirmed_booking_waits_for_its_customer(make, database, client, deps, place, program):
    order = await book(make, place, in_minutes=30)

    outcome = await confirm(client, deps, program.approve(order, amount=PRICE))
    paid = await state_of(database, order)
    await fulfil_order(deps, order.id)

    assert (outcome, paid) == ((200, "settled"), OrderState.PAID)
    assert (await read_session(database, order.id)).state == SessionState.AWAITING_CUSTOMER
    assert await state_of(database, order) == OrderState.COMPLETED


async def test_money_for_a_time_that_somebody_else_has_is_due_back(
    make, database, client, deps, place, program
):
    late = await book(make, place, in_minutes=30)
    await make.move(Move(OrderEvent.CANCEL, place.id, SYSTEM, late.id))
    await book(make, place, in_minutes=40, state=OrderState.PAID, buyer_name="Siti Aminah")

    outcome = await confirm(client, deps, program.approve(late, amount=PRICE))

    assert (outcome, await state_of(database, late)) == ((200, "settled"), OrderState.CANCELLED)
    async with database.read(SYSTEM) as session:
        held = await ledger.get_balances(session, late.id)
    assert {account: amount for account, amount in held.items() if amount} == {
        Account.RECEIVED: PRICE,
        Account.REFUND_DUE: PRICE,
    }


@pytest.mark.parametrize("state", [OrderState.HOLD, OrderState.REVIEW])
async def test_money_for_a_time_that_is_over_is_in_the_books_and_due_back_once(
    make, database, client, deps, place, program, postgres, database_url, state
):
    order = await book(make, place, in_minutes=30, state=state, email="siti@contoh.id")
    with postgres.connect(database_url.database) as owner:
        owner.execute("UPDATE slots SET starts_at = starts_at - interval '1 hour', ends_at = now()")

    said = [
        await confirm(client, deps, program.approve(order, amount=PRICE, reference="BCA-1")) for _ in range(2)
    ]

    assert ([status for status, _ in said], await state_of(database, order)) == ([200, 200], state)
    async with database.read(SYSTEM) as session:
        balances = await ledger.get_balances(session, order.id)
        refunds = [(each.amount, each.cause) for each in await list_refunds(session, order.id)]
        told = await kind_of(session, order, OrderEvent.PAY)
    assert {account: amount for account, amount in balances.items() if amount} == {
        Account.RECEIVED: PRICE,
        Account.REFUND_DUE: PRICE,
    }
    assert (refunds, told) == ([(PRICE, RefundCause.PAID_LATE)], Kind.REFUND_DUE)
    assert [each for each in await offenders(database) if not each[0].startswith("orders.no_forgotten")] == []


async def test_a_rejection_changes_nothing_of_a_hold(make, database, client, deps, place, program):
    order = await book(make, place, in_minutes=30)

    outcome = await confirm(client, deps, program.reject(order, reason="Uang tidak masuk"))

    assert (outcome, await state_of(database, order)) == ((200, "nothing"), OrderState.HOLD)
