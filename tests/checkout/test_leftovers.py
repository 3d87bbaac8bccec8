"""Who paid and got nothing is seen, and gets it."""

from sqlalchemy import text

from pesan.app.modules import list_invariants
from pesan.checkout.tasks import fulfil_left_behind
from pesan.orders.states import OrderState
from pesan.tickets.tasks import fulfil_order
from tests.support.factories import SYSTEM

RULE = "checkout.paid_orders_are_fulfilled"
JOBS = (
    "SELECT args ->> 'order_id' FROM procrastinate_jobs WHERE task_name = 'tickets.fulfil_order'"
    " AND status = 'todo' ORDER BY id"
)


async def offenders(database):
    (rule,) = (rule for rule in list_invariants() if rule.name == RULE)
    async with database.read(SYSTEM) as session:
        return [row.order_id for row in await session.execute(text(rule.sql))]


async def test_paid_order_without_a_job_is_an_offender_and_is_fulfilled_after_all(
    deps, database, make, execute, fresh
):
    paid = await make.order(state=OrderState.PAID)
    free = await make.order(await make.event(price_amount=0))
    execute("DELETE FROM procrastinate_jobs")
    execute("UPDATE orders SET state_changed_at = now() - interval '20 minutes'")
    assert sorted(await offenders(database)) == sorted([paid.id, free.id])

    for _ in range(2):
        await fulfil_left_behind(deps)

    assert sorted(order_id for (order_id,) in execute(JOBS)) == sorted([str(paid.id), str(free.id)])
    for order in (paid, free):
        await fulfil_order(deps, order.id)
    assert await offenders(database) == []


async def test_order_that_was_just_paid_or_has_its_job_is_left_to_it(deps, make, execute):
    await make.order(state=OrderState.PAID)
    before = execute(JOBS)

    await fulfil_left_behind(deps)
    execute("UPDATE orders SET state_changed_at = now() - interval '20 minutes'")
    await fulfil_left_behind(deps)

    assert execute(JOBS) == before
    assert len(before) == 1


async def test_order_whose_job_was_parked_is_tried_again(deps, make, execute):
    order = await make.order(state=OrderState.PAID)
    execute("UPDATE procrastinate_jobs SET status = 'failed'")
    execute("UPDATE orders SET state_changed_at = now() - interval '20 minutes'")

    await fulfil_left_behind(deps)

    assert execute(JOBS) == [(str(order.id),)]
