"""An event that moves takes its buyers along: new tickets where they are needed, and one letter for each move."""

from datetime import timedelta

import pytest

from pesan.catalog.models import Event
from pesan.catalog.service import update_event
from pesan.checkout.letters import letter_composers
from pesan.checkout.tasks import tell_of_move, tell_of_new_tickets
from pesan.notifications.states import Kind
from pesan.orders.states import OrderState
from pesan.tickets.keystore import KeyStore
from pesan.tickets.queries import list_tickets
from pesan.tickets.slices import Slices
from pesan.tickets.states import Reason
from pesan.tickets.tasks import fulfil_order, reissue_event, reissue_outdated
from pesan.tickets.verify import verify
from tests.support.factories import SYSTEM, event_draft

CONTACTS = {"email": "siti@contoh.id"}


@pytest.fixture
async def event(make):
    return await make.event()


@pytest.fixture
async def completed(deps, make, event, fresh):
    order = await make.order(event, state=OrderState.PAID, **CONTACTS)
    await fulfil_order(deps, order.id)
    return await fresh(order)


@pytest.fixture
def move(database, execute, deps, event):
    """Moves the event by so much, and does the jobs that follow."""

    async def by(delta, **changes):
        execute("DELETE FROM procrastinate_jobs")
        async with database.write(SYSTEM) as session:
            found = await session.get_one(Event, event.id)
            times = {"starts_at": found.starts_at + delta, "ends_at": found.ends_at + delta}
            await update_event(session, event=found, draft=event_draft(**times | changes), actor=SYSTEM)
        for task in (reissue_event, tell_of_move):
            name = {reissue_event: "tickets.reissue_event", tell_of_move: "checkout.tell_of_move"}[task]
            for (args,) in execute("SELECT args FROM procrastinate_jobs WHERE task_name = %s", name):
                for _ in range(2):  # a job may run again
                    await task(deps, event.id, args["occasion"])
        return execute("SELECT count(*) FROM notifications WHERE kind = 'event_moved'")[0][0]

    return by


async def ticket_of(database, order):
    async with database.read(SYSTEM) as session:
        (ticket,) = await list_tickets(session, order.id)
    return ticket


async def test_move_to_a_later_end_reissues_and_tells_once_for_each_move(database, completed, move):
    told = [await move(timedelta(days=1)), await move(timedelta(days=1)), await move(timedelta(0))]

    assert told == [1, 2, 2]
    assert (await ticket_of(database, completed)).epoch == 2


async def test_move_to_an_earlier_end_tells_and_leaves_tickets_as_they_are(deps, database, completed, move):
    before = await ticket_of(database, completed)

    assert await move(-timedelta(days=1)) == 1

    after = await ticket_of(database, completed)
    assert (after.epoch, after.qr_text, after.expires_at) == (0, before.qr_text, before.expires_at)
    verdict = await verify(database, deps[KeyStore], before.qr_text, slices=deps[Slices], actor=SYSTEM)
    assert verdict.reason is Reason.GOOD


async def test_change_that_is_no_move_tells_nobody(completed, move):
    assert await move(timedelta(0), summary="Bawa payung") == 0


async def test_everybody_who_expects_to_come_is_told_and_nobody_else(make, event, completed, move, execute):
    review = await make.order(event, state=OrderState.REVIEW, **CONTACTS)
    for state in (OrderState.HOLD, OrderState.REJECTED):
        await make.order(event, state=state, **CONTACTS)
    await make.order(event, state=OrderState.REVIEW)

    await move(timedelta(days=1))

    told = execute("SELECT order_id FROM notifications WHERE kind = 'event_moved'")
    assert sorted(order_id for (order_id,) in told) == sorted([completed.id, review.id])


async def test_letter_about_a_move_brings_the_new_tickets(deps, completed, move):
    await move(timedelta(days=1))

    letter = await letter_composers(deps).of(Kind.EVENT_MOVED).compose(completed.id, Kind.EVENT_MOVED)

    names = [attachment.filename for attachment in letter.attachments]
    assert names == [f"tiket-{completed.code}.pdf", f"acara-{completed.code}.ics"]


async def test_event_that_is_over_is_not_announced_as_moved(deps, event, completed, execute):
    execute("UPDATE events SET starts_at = now() - interval '2 days', ends_at = now() - interval '1 day'")

    await tell_of_move(deps, event.id, "move-2")

    assert execute("SELECT count(*) FROM notifications") == [(0,)]


async def test_ticket_that_missed_its_reissue_is_found_and_its_buyer_told(
    deps, database, event, completed, execute
):
    """It was signed with the old end while the event moved."""
    execute("UPDATE events SET ends_at = ends_at + interval '1 day'")
    execute("DELETE FROM procrastinate_jobs")

    await reissue_outdated(deps)
    assert execute("SELECT task_name, args FROM procrastinate_jobs") == [
        ("tickets.reissue_event", {"event_id": str(event.id)})
    ]
    await reissue_event(deps, event.id)
    ((args,),) = execute(
        "SELECT args FROM procrastinate_jobs WHERE task_name = 'checkout.tell_of_new_tickets'"
    )
    for _ in range(2):
        await tell_of_new_tickets(deps, completed.id, args["occasion"])

    assert args == {"order_id": str(completed.id), "occasion": "epoch-1"}
    assert (await ticket_of(database, completed)).epoch == 1
    assert execute("SELECT kind, occasion FROM notifications") == [("event_moved", "epoch-1")]
    execute("DELETE FROM procrastinate_jobs")
    await reissue_outdated(deps)
    assert execute("SELECT count(*) FROM procrastinate_jobs") == [(0,)]


async def test_ticket_of_an_event_that_was_moved_to_the_past_admits_nobody(
    deps, database, completed, execute
):
    execute("UPDATE events SET starts_at = now() - interval '3 days', ends_at = now() - interval '2 days'")
    execute("UPDATE tickets SET issued_at = now() - interval '4 days'")
    ticket = await ticket_of(database, completed)

    assert (
        await verify(database, deps[KeyStore], ticket.qr_text, slices=deps[Slices], actor=SYSTEM)
    ).reason is Reason.EXPIRED
