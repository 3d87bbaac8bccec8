"""Who expects to come is reminded once, shortly before the event, for each time that it is set for."""

import asyncio

import pytest

from pesan.checkout import reminders
from pesan.checkout.letters import letter_composers
from pesan.checkout.tasks import remind
from pesan.notifications.render import render
from pesan.notifications.states import Kind
from pesan.orders.states import OrderState

CONTACTS = {"email": "siti@contoh.id"}


@pytest.fixture
async def event(make):
    return await make.event()


@pytest.fixture
async def order(make, event):
    return await make.order(event, state=OrderState.COMPLETED, **CONTACTS)


@pytest.fixture
def starts_in(execute):
    """Sets the event for a time of its own, without anybody being told."""

    def move(interval):
        execute(
            "UPDATE events SET starts_at = now() + %s::interval, ends_at = now() + %s::interval + interval '3 hours'",
            interval,
            interval,
        )

    return move


@pytest.fixture
def told(execute):
    def read():
        rows = execute("SELECT order_id FROM notifications WHERE kind = 'reminder'")
        return sorted(order_id for (order_id,) in rows)

    return read


async def test_each_paid_order_is_reminded_once_by_however_many_workers(
    deps, make, event, order, starts_in, told, execute, monkeypatch
):
    monkeypatch.setattr(reminders, "_CHUNK", 1)
    paid = await make.order(event, state=OrderState.PAID, **CONTACTS)
    await make.order(event, state=OrderState.PAID)
    for state in (OrderState.HOLD, OrderState.REVIEW, OrderState.REJECTED):
        await make.order(event, state=state, **CONTACTS)
    refunded = await make.order(event, state=OrderState.PAID, **CONTACTS)
    execute("UPDATE orders SET state = 'REFUNDED' WHERE id = %s", refunded.id)
    starts_in("23 hours")

    await asyncio.gather(*(remind(deps) for _ in range(3)))
    await remind(deps)

    assert told() == sorted([order.id, paid.id])
    jobs = execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'notifications.deliver'")
    assert jobs == [(2,)]


@pytest.mark.parametrize(
    ("starts", "hours", "status", "count"),
    [
        ("23 hours", 24, "open", 1),
        ("23 hours", 24, "closed", 1),
        ("25 hours", 24, "open", 0),
        ("25 hours", 48, "open", 1),
        ("1 hour", 24, "open", 1),
        ("-1 minute", 24, "open", 0),
        ("23 hours", 0, "open", 0),
        ("23 hours", 24, "cancelled", 0),
    ],
)
async def test_reminder_goes_out_in_its_hours_only(
    deps, order, starts_in, told, execute, starts, hours, status, count
):
    starts_in(starts)
    execute("UPDATE merchants SET reminder_hours = %s", hours)
    execute("UPDATE events SET status = %s", status)

    await remind(deps)

    assert len(told()) == count


@pytest.mark.parametrize(
    ("starts", "own", "merchants", "count"),
    [("2 hours", 3, 0, 1), ("4 hours", 3, 24, 0), ("70 hours", 72, 24, 1), ("2 hours", 0, 24, 0)],
)
async def test_an_events_own_hours_count_before_its_merchants(
    deps, order, starts_in, told, execute, starts, own, merchants, count
):
    starts_in(starts)
    execute("UPDATE merchants SET reminder_hours = %s", merchants)
    execute("UPDATE events SET reminder_hours = %s", own)

    await remind(deps)
    letter = await letter_composers(deps).of(Kind.REMINDER).compose(order.id, Kind.REMINDER)

    assert (len(told()), letter is not None) == (count, bool(count))


async def test_moved_event_is_reminded_of_again_at_its_new_time(deps, order, starts_in, told, execute):
    starts_in("23 hours")
    await remind(deps)
    starts_in("10 days")
    await remind(deps)
    before = told()
    execute("UPDATE notifications SET created_at = created_at - interval '9 days'")
    starts_in("20 hours")
    for _ in range(2):
        await remind(deps)

    assert (before, told()) == ([order.id], [order.id] * 2)


@pytest.mark.parametrize("kind", ["ticket_ready", "event_moved"])
async def test_whoever_was_just_told_the_time_needs_no_reminder(deps, order, starts_in, told, execute, kind):
    starts_in("23 hours")
    execute(
        "INSERT INTO notifications (id, merchant_id, order_id, kind) VALUES (gen_random_uuid(), %s, %s, %s)",
        order.merchant_id,
        order.id,
        kind,
    )
    await remind(deps)
    before = told()
    execute("UPDATE notifications SET created_at = created_at - interval '2 hours'")
    await remind(deps)

    assert (before, told()) == ([], [order.id])


@pytest.mark.parametrize(
    ("starts", "change", "is_said"),
    [
        ("23 hours", "SELECT 1", True),
        ("-1 minute", "SELECT 1", False),
        ("9 days", "SELECT 1", False),
        ("23 hours", "UPDATE orders SET state = 'REFUNDED'", False),
        ("23 hours", "UPDATE events SET status = 'cancelled'", False),
    ],
)
async def test_late_reminder_is_sent_only_while_it_is_true(
    deps, order, starts_in, execute, starts, change, is_said
):
    starts_in(starts)
    execute(change)

    letter = await letter_composers(deps).of(Kind.REMINDER).compose(order.id, Kind.REMINDER)

    assert (letter is not None) == is_said
    if letter:
        assert render(letter).subject == "Sebentar lagi: Malam Keroncong Kota Tua"
