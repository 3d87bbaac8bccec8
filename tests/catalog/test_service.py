"""Writing events: what is refused, and what is written beside."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from pesan.audit.verify import verify as verify_audit
from pesan.capacity.errors import CapacityTooLow
from pesan.catalog.errors import EventNotFound, InvalidPeriod
from pesan.catalog.models import Event
from pesan.catalog.queries import ListingFilter, get_listing, list_listings
from pesan.catalog.service import set_status, update_event
from pesan.catalog.states import EventStatus
from pesan.db import Actor
from pesan.kit.ids import new_id
from pesan.orders.states import OrderState
from tests.support.database import offenders
from tests.support.factories import SYSTEM, event_draft


@pytest.fixture
def update(database):
    """Changes an event as its organizer would: `await update(event, capacity=5)`."""

    async def change(event, **changes):
        async with database.write(SYSTEM) as session:
            stored = await session.get_one(Event, event.id)
            await update_event(
                session, event=stored, draft=event_draft(starts_at=event.starts_at, **changes), actor=SYSTEM
            )

    return change


@pytest.fixture
def one(database):
    """One row of a statement."""

    async def read(sql: str):
        async with database.read(SYSTEM) as session:
            return tuple((await session.execute(text(sql))).one())

    return read


async def test_new_event_has_a_pool_an_address_and_an_entry(make, one, database):
    event = await make.event(capacity=40, hold_ratio=Decimal("0.25"), max_per_order=2)

    assert await one("SELECT capacity, hold_ratio, max_per_order, held, used FROM capacity_pools") == (
        40,
        Decimal("0.25"),
        2,
        0,
        0,
    )
    assert (event.slug, len(event.short_id)) == ("malam-keroncong-kota-tua", 8)
    assert event.ends_at == event.starts_at + timedelta(hours=3)
    assert await one("SELECT count(*) FROM audit_entries WHERE action = 'event:catalog:created'") == (1,)
    assert await offenders(database) == []


@pytest.mark.parametrize(
    "period",
    [
        {"ends_at": timedelta(0)},
        {"ends_at": timedelta(hours=-1)},
        {"sale_opens_at": timedelta(hours=-1), "sale_closes_at": timedelta(hours=-1)},
        {"sale_opens_at": timedelta(hours=-1), "sale_closes_at": timedelta(hours=-2)},
    ],
)
async def test_period_that_runs_backwards_is_refused(make, one, period):
    draft = event_draft()
    shifted = {name: draft.starts_at + shift for name, shift in period.items()}

    with pytest.raises(InvalidPeriod):
        await make.event(starts_at=draft.starts_at, **shifted)

    assert await one("SELECT count(*) FROM events") == (0,)


async def test_capacity_may_go_down_to_what_is_sold_and_held(make, update, one, database):
    event = await make.event(capacity=10)
    await make.order(event)
    await make.order(event, state=OrderState.REVIEW)

    await update(event, capacity=2)

    assert await one("SELECT capacity, held, used FROM capacity_pools") == (2, 1, 1)
    assert await offenders(database) == []


async def test_capacity_below_what_is_sold_and_held_is_refused_whole(make, update, one, database):
    event = await make.event(capacity=10)
    await make.order(event)
    await make.order(event, state=OrderState.REVIEW)

    with pytest.raises(CapacityTooLow) as refusal:
        await update(event, capacity=1, title="Judul baru")

    assert refusal.value.params == {"capacity": 1, "taken": 2}
    assert await one("SELECT title FROM events") == ("Malam Keroncong Kota Tua",)
    assert await one("SELECT capacity, held, used FROM capacity_pools") == (10, 1, 1)
    assert await offenders(database) == []


async def test_ratio_may_go_below_what_is_held_and_only_stops_new_holds(make, update, one):
    event = await make.event(capacity=10)
    for _ in range(3):
        await make.order(event)

    await update(event, capacity=10, hold_ratio=Decimal("0.1"))

    assert await one("SELECT held FROM capacity_pools") == (3,)


async def test_event_that_moves_has_its_tickets_signed_anew(make, update, one, database):
    event = await make.event()
    before = await one("SELECT count(*) FROM procrastinate_jobs")

    await update(event, ends_at=event.ends_at + timedelta(hours=1))

    assert before == (0,)
    assert await one("SELECT task_name, args->>'event_id' FROM procrastinate_jobs") == (
        "tickets.reissue_event",
        str(event.id),
    )


async def test_event_that_stays_leaves_its_tickets_alone(make, update, one):
    event = await make.event()

    await update(event, title="Judul baru")

    assert await one("SELECT title FROM events") == ("Judul baru",)
    assert await one("SELECT count(*) FROM procrastinate_jobs") == (0,)


async def test_drafts_are_seen_by_their_merchant_alone(make, database):
    draft = await make.event(status=EventStatus.DRAFT)
    stranger = Actor.staff(new_id(), frozenset({new_id()}))
    member = Actor.staff(new_id(), frozenset({draft.merchant_id}))

    for actor in (Actor.guest(), stranger):
        async with database.read(actor) as session:
            with pytest.raises(EventNotFound):
                await get_listing(session, event_id=draft.id)
    async with database.read(member) as session:
        assert (await get_listing(session, short_id=draft.short_id)).event.id == draft.id


async def test_list_never_has_drafts_not_even_for_their_merchant(make, database):
    draft = await make.event(status=EventStatus.DRAFT)

    async with database.read(Actor.staff(new_id(), frozenset({draft.merchant_id}))) as session:
        page = await list_listings(session, ListingFilter(include_past=True))

    assert (page.items, page.next_cursor) == ([], None)


async def _entries(database, action):
    query = (
        "SELECT p.before, p.after FROM audit_entries e JOIN audit_private p USING (subject_id, seq)"
        " WHERE e.action = :action ORDER BY e.seq"
    )
    async with database.read(SYSTEM) as session:
        assert await verify_audit(session) == []
        return [tuple(row) for row in await session.execute(text(query), {"action": action})]


async def test_audit_of_a_change_says_what_was_before_and_after(make, update, database):
    event = await make.event(capacity=10)
    ends_at = event.ends_at + timedelta(hours=1)

    await update(event, capacity=12, hold_ratio=Decimal("0.5"), price_amount=175_000, ends_at=ends_at)

    assert await _entries(database, "event:catalog:updated") == [
        (
            {
                "capacity": 10,
                "hold_ratio": "1",
                "price_amount": 150_000,
                "ends_at": event.ends_at.isoformat(),
            },
            {
                "capacity": 12,
                "hold_ratio": "0.5",
                "price_amount": 175_000,
                "ends_at": ends_at.isoformat(),
            },
        )
    ]


async def test_audit_of_a_status_says_what_was_before_and_after(make, database):
    event = await make.event()
    async with database.write(SYSTEM) as session:
        stored = await session.get_one(Event, event.id)
        await set_status(session, event=stored, status=EventStatus.CLOSED, actor=SYSTEM)

    assert await _entries(database, "event:sale:closed") == [({"status": "open"}, {"status": "closed"})]
