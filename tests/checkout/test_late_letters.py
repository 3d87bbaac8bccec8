"""Money that comes late while places are left sends exactly one letter: the confirmation (reliability §3, no. 13)."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from pesan.app.instance import Instance
from pesan.app.modules import import_tasks
from pesan.app.wiring import build_registry
from pesan.db import Database
from pesan.jobs.registry import find_task
from pesan.kit.registry import Registry
from pesan.orders.desk import SaleDesk
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.payments.gateways.sandbox import Act, Sent
from tests.payments.gateway_steps import Shop, add_account, event_of, make_gateways
from tests.support.database import offenders
from tests.support.factories import SYSTEM, Make
from tests.support.mailbox import Mailbox, running_mailbox


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with running_mailbox() as box:
        yield box


@pytest.fixture
async def deps(settings, database_url, mailbox: Mailbox) -> AsyncIterator[Registry]:
    """A worker whose letters go to the mailbox."""
    import_tasks()
    told = settings.model_copy(update={"smtp_url": type(settings.smtp_url)(mailbox.url)})
    deps = build_registry(Instance(told, database_url, None), "worker")
    yield deps
    await deps[Database].dispose()


@pytest.fixture
async def shop(make: Make, deps: Registry, settings) -> AsyncIterator[Shop]:
    gateways = make_gateways(deps[Database], settings.secret)
    account, method = await add_account(deps[Database], gateways, await make.merchant())
    yield Shop(deps[Database], deps[SaleDesk], gateways, account, method)
    await gateways.http.aclose()


@pytest.fixture
async def order(make: Make, shop: Shop, execute) -> Order:
    """A hold whose time is over, after its buyer opened the provider's page."""
    order = await make.order(await event_of(make, shop), email="siti@contoh.id")
    await shop.choose(order)
    execute(
        "UPDATE orders SET hold_expires_at = now() - interval '1 minute', payment_open_until = NULL WHERE id = %s",
        order.id,
    )
    await shop.desk.expire_due()
    assert (await shop.order(order)).state == OrderState.EXPIRED
    return order


async def work(deps: Registry, *, but: str = "") -> None:
    """Do every job that waits, and what follows from it, but those of one name."""
    waiting = text(
        "UPDATE procrastinate_jobs SET status = 'succeeded' WHERE status = 'todo' AND task_name <> :but"
        " RETURNING task_name, args"
    )
    while True:
        async with deps[Database].write(SYSTEM) as session:
            jobs = (await session.execute(waiting, {"but": but})).all()
        if not jobs:
            return
        for name, arguments in jobs:
            spec = find_task(name)
            assert spec is not None
            await spec.handler(deps, **spec.call_arguments(arguments))


async def pay_late(shop: Shop, order: Order) -> list[Sent]:
    """The buyer pays when the page is over; the webhooks, which came and were handled."""
    await (await shop.sandbox()).close(await shop.reference(order), None)
    sent = await shop.press(order, Act.LATE)
    for each in sent:
        await shop.take(each)
    await shop.handle_all()
    return sent


def subjects(mailbox: Mailbox) -> list[str]:
    return [str(message["subject"]) for message in mailbox.messages]


@pytest.mark.parametrize("is_told_before", [True, False])
async def test_late_money_with_places_left_is_confirmed_once_and_contradicted_by_nothing(
    deps: Registry, shop: Shop, order: Order, mailbox: Mailbox, is_told_before: bool
):
    # The letter that the hold ended is sent before the money comes, or waits for its turn until after.
    await work(deps, but="" if is_told_before else "notifications.deliver")
    before = len(mailbox.messages)

    webhooks = await pay_late(shop, order)
    await work(deps)
    after = subjects(mailbox)
    for webhook in webhooks * 2:
        await shop.take(webhook)
    await shop.handle_all()
    await work(deps)

    assert (before, len(after)) == ((1, 2) if is_told_before else (0, 1))
    assert subjects(mailbox) == after
    async with shop.database.read(SYSTEM) as session:
        told = "SELECT kind FROM notifications n JOIN deliveries d ON d.notification_id = n.id WHERE d.state = 'sent'"
        kinds = sorted(await session.scalars(text(told)))
    assert kinds == (["expired", "ticket_ready"] if is_told_before else ["ticket_ready"])
    assert (await shop.order(order)).state == OrderState.COMPLETED
    assert await offenders(shop.database) == []
