"""A cancelled event ends for everybody who booked: once, whatever runs twice or dies in between."""

import pytest
from sqlalchemy import text

from pesan.app.modules import list_invariants
from pesan.audit.verify import verify as verify_audit
from pesan.catalog.models import Event
from pesan.catalog.service import set_status
from pesan.catalog.states import EventStatus
from pesan.checkout import cancellation
from pesan.checkout.tasks import cancel_event, finish_cancellations, tell_buyer
from pesan.notifications.channels import Channels
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments.ledger import get_balances
from pesan.payments.states import Account
from pesan.tickets.keystore import KeyStore
from pesan.tickets.queries import list_tickets
from pesan.tickets.slices import Slices
from pesan.tickets.states import Reason, Result
from pesan.tickets.tasks import fulfil_order
from pesan.tickets.verify import verify
from tests.payments.steps import approve, send_proof
from tests.support.booths import book, fulfil_session, make_place
from tests.support.factories import SYSTEM

CONTACTS = {"email": "siti@contoh.id"}
ENDS = {
    OrderState.HOLD: OrderState.CANCELLED,
    OrderState.REVIEW: OrderState.CANCELLED,
    OrderState.PAID: OrderState.REFUNDED,
    OrderState.COMPLETED: OrderState.REFUNDED,
    OrderState.REJECTED: OrderState.REJECTED,
}


@pytest.fixture
async def event(make):
    return await make.event()


@pytest.fixture
async def orders(deps, make, event, fresh):
    """One order in each state, whose money is in the ledger; the buyer of each has an address."""
    orders = {
        state: await make.order(event, **CONTACTS) for state in ENDS if state is not OrderState.REJECTED
    }
    orders[OrderState.REJECTED] = await make.order(event, state=OrderState.REJECTED, **CONTACTS)
    for state in (OrderState.REVIEW, OrderState.PAID, OrderState.COMPLETED):
        await send_proof(make, orders[state])
    for state in (OrderState.PAID, OrderState.COMPLETED):
        await approve(make, orders[state])
    await fulfil_order(deps, orders[OrderState.COMPLETED].id)
    return {state: await fresh(order) for state, order in orders.items()}


async def cancel(database, event):
    async with database.write(SYSTEM) as session:
        found = await session.get_one(Event, event.id)
        await set_status(session, event=found, status=EventStatus.CANCELLED, actor=SYSTEM, reason="Sakit")


async def offenders(database):
    async with database.read(SYSTEM) as session:
        found = {rule.name: (await session.execute(text(rule.sql))).all() for rule in list_invariants()}
        assert await verify_audit(session) == []
    return [name for name, rows in found.items() if rows]


def told(execute):
    rows = execute("SELECT order_id, kind FROM notifications ORDER BY order_id")
    return dict(rows), len(rows)


async def test_set_status_cancelled_enqueues_the_winding_up_and_no_other_does(database, event, execute):
    jobs = "SELECT args FROM procrastinate_jobs WHERE task_name = 'checkout.cancel_event'"
    async with database.write(SYSTEM) as session:
        found = await session.get_one(Event, event.id)
        await set_status(session, event=found, status=EventStatus.CLOSED, actor=SYSTEM)
    assert execute(jobs) == []

    await cancel(database, event)

    assert execute(jobs) == [({"event_id": str(event.id)},)]


async def test_cancelled_event_ends_every_order_and_tells_each_buyer_once(
    deps, database, event, orders, fresh, execute
):
    await cancel(database, event)

    for _ in range(2):
        await cancel_event(deps, event.id)

    assert {state: (await fresh(order)).state for state, order in orders.items()} == ENDS
    wanted = {
        order.id: "event_cancelled" for state, order in orders.items() if state is not OrderState.REJECTED
    }
    assert told(execute) == (wanted, len(wanted))
    assert execute("SELECT held, used FROM capacity_pools") == [(0, 0)]
    assert await offenders(database) == []


async def test_reviewer_cancelled_order_is_not_told_a_second_time(deps, database, event, orders, execute):
    await cancel(database, event)
    await cancel_event(deps, event.id)

    await tell_buyer(deps, orders[OrderState.REVIEW].id, OrderEvent.CANCEL.value)

    assert told(execute)[0][orders[OrderState.REVIEW].id] == "event_cancelled"
    assert told(execute)[1] == 4


async def test_money_of_those_who_paid_is_due_to_them(deps, database, event, orders):
    await cancel(database, event)
    for _ in range(2):
        await cancel_event(deps, event.id)

    balances = {}
    async with database.read(SYSTEM) as session:
        for state in (OrderState.PAID, OrderState.COMPLETED):
            found = await get_balances(session, orders[state].id)
            balances[state] = {account: amount for account, amount in found.items() if amount}
    due = {Account.RECEIVED: 150_000, Account.REFUND_DUE: 150_000}
    assert balances == {OrderState.PAID: due, OrderState.COMPLETED: due}


async def test_audit_of_an_order_says_that_its_event_was_cancelled_once(
    deps, database, event, orders, execute
):
    await cancel(database, event)
    for _ in range(2):
        await cancel_event(deps, event.id)

    rows = execute(
        "SELECT e.data, p.reason FROM audit_entries e JOIN audit_private p USING (subject_id, seq)"
        " WHERE e.action = 'order:refund:approved' AND e.subject_id = %s",
        orders[OrderState.COMPLETED].id,
    )
    assert rows == [({"from": "COMPLETED", "to": "REFUNDED"}, "Acara dibatalkan.")]


async def test_refunds_of_a_cancelled_event_are_listed_once_each(deps, database, event, orders, execute):
    await cancel(database, event)
    for _ in range(2):
        await cancel_event(deps, event.id)

    rows = execute("SELECT order_id, cause, state, amount, requested_by FROM refunds ORDER BY order_id")
    paid = (orders[OrderState.PAID].id, orders[OrderState.COMPLETED].id)
    assert rows == [(order_id, "event_cancelled", "requested", 150_000, None) for order_id in sorted(paid)]


async def test_free_bookings_of_a_cancelled_event_end_without_money(deps, database, make, fresh, execute):
    event = await make.event(price_amount=0)
    order = await make.order(event, **CONTACTS)
    await fulfil_order(deps, order.id)
    await cancel(database, event)

    await cancel_event(deps, event.id)

    assert (await fresh(order)).state == OrderState.REFUNDED
    assert execute("SELECT state FROM tickets") == [("void",)]
    assert execute("SELECT count(*) FROM refunds") == [(0,)]
    assert await offenders(database) == []


async def test_tickets_stop_admitting_at_once_and_are_void_after_the_job(deps, database, event, orders):
    async with database.read(SYSTEM) as session:
        (ticket,) = await list_tickets(session, orders[OrderState.COMPLETED].id)
    await cancel(database, event)

    at_once = await verify(database, deps[KeyStore], ticket.qr_text, slices=deps[Slices], actor=SYSTEM)
    await cancel_event(deps, event.id)

    async with database.read(SYSTEM) as session:
        (after,) = await list_tickets(session, orders[OrderState.COMPLETED].id)
    assert (at_once.result, at_once.reason) == (Result.VOID, Reason.EVENT_CANCELLED)
    assert after.state == "void"


async def test_order_that_is_paid_while_its_event_is_cancelled_gets_no_ticket(
    deps, database, event, orders, fresh
):
    await cancel(database, event)

    await fulfil_order(deps, orders[OrderState.PAID].id)

    assert (await fresh(orders[OrderState.PAID])).state == OrderState.PAID


async def test_winding_up_that_died_between_telling_and_cancelling_is_finished_by_the_next(
    deps, database, event, orders, fresh, execute
):
    await cancel(database, event)
    async with database.write(cancellation.ACTOR) as session:
        await cancellation.tell_next(session, deps[Channels], event.id, after=None)
    assert (await fresh(orders[OrderState.HOLD])).state == OrderState.HOLD

    await cancel_event(deps, event.id)

    assert (await fresh(orders[OrderState.HOLD])).state == OrderState.CANCELLED
    assert told(execute)[1] == 4


async def test_winding_up_goes_on_from_chunk_to_chunk(deps, database, event, orders, fresh, monkeypatch):
    monkeypatch.setattr(cancellation, "_CHUNK", 1)
    await cancel(database, event)

    await cancel_event(deps, event.id)

    assert {state: (await fresh(order)).state for state, order in orders.items()} == ENDS


async def test_event_that_is_not_cancelled_is_left_alone(deps, event, orders, fresh, execute):
    await cancel_event(deps, event.id)

    assert {state: (await fresh(order)).state for state, order in orders.items()} == {s: s for s in ENDS}
    assert execute("SELECT count(*) FROM notifications") == [(0,)]


async def test_cancellation_that_was_left_is_an_offender_and_found_again_once(
    deps, database, event, orders, execute
):
    await cancel(database, event)
    execute("DELETE FROM procrastinate_jobs WHERE task_name = 'checkout.cancel_event'")
    execute("UPDATE events SET updated_at = now() - interval '1 hour'")
    execute("UPDATE orders SET state_changed_at = now() - interval '1 hour'")
    assert await offenders(database) == ["checkout.cancelled_events_are_wound_up"]

    for _ in range(2):
        await finish_cancellations(deps)

    jobs = "SELECT args FROM procrastinate_jobs WHERE task_name = 'checkout.cancel_event'"
    assert execute(jobs) == [({"event_id": str(event.id)},)]


async def test_buyer_whose_proof_was_handed_in_is_told_that_staff_cancelled(deps, make, execute):
    told_of, silent = await make.order(state=OrderState.REVIEW, **CONTACTS), await make.order(**CONTACTS)
    for order in (told_of, silent):
        await make.move(Move(OrderEvent.CANCEL, order.event_id, SYSTEM, order.id, reason="Ganda"))
        await tell_buyer(deps, order.id, OrderEvent.CANCEL.value)

    assert told(execute) == ({told_of.id: "cancelled"}, 1)


async def test_who_had_their_booked_time_before_the_outlet_was_cancelled_is_left_alone(
    deps, database, make, fresh, execute
):
    place = await make_place(make, database, booths=3)
    booked = {
        name: await book(make, place, booth=at, in_minutes=60, email=f"siti{at}@contoh.id")
        for at, name in enumerate(["over", "to come", "paid and over"])
    }
    for name, order in booked.items():
        await send_proof(make, order)
        await approve(make, order)
        if name != "paid and over":
            await fulfil_session(make, database, order.id)
    execute(
        "UPDATE claims SET period = tstzrange(lower(period) - interval '2 hours', upper(period) - interval '2 hours')"
        " WHERE order_id <> %s",
        booked["to come"].id,
    )
    await cancel(database, place.event)

    await cancel_event(deps, place.id)

    ends = {name: (await fresh(order)).state for name, order in booked.items()}
    assert ends == {"over": "COMPLETED", "to come": "REFUNDED", "paid and over": "REFUNDED"}
    assert booked["over"].id not in told(execute)[0]
    execute("DELETE FROM procrastinate_jobs WHERE task_name = 'checkout.cancel_event'")
    execute("UPDATE events SET updated_at = updated_at - interval '20 minutes'")
    await finish_cancellations(deps)
    assert execute("SELECT 1 FROM procrastinate_jobs WHERE task_name = 'checkout.cancel_event'") == []
    assert "checkout.cancelled_events_are_wound_up" not in await offenders(database)
