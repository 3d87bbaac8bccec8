"""Times of a booth: one order at a time, whatever lengths they have."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import URL, func, select, text

from pesan.capacity.errors import SlotHeld, SlotTaken
from pesan.capacity.models import Claim
from pesan.catalog.errors import SlotNotFound
from pesan.catalog.models import Event, Slot
from pesan.db import Actor, Database
from pesan.errors import PesanError
from pesan.orders.errors import SlotNeeded, SlotOver
from pesan.orders.gate import transition_many
from pesan.orders.moves import (
    Acquisition,
    Amendment,
    LineWish,
    Move,
    Moved,
    Placement,
    Release,
    Replayed,
    SlotWish,
)
from pesan.orders.states import OrderEvent, OrderState
from tests.support.database import offenders
from tests.support.factories import SYSTEM, WAYS, Make
from tests.support.postgres import Server

pytestmark = pytest.mark.every_postgres
MONDAY = datetime(2030, 1, 7, 14, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BOOTH = 7


@pytest.fixture
async def outlet(make: Make) -> Event:
    return await make.event(fulfilment="booths", max_per_order=2, ends_at=MONDAY + timedelta(days=365))


def wish_of(slot: Slot, **wish: object) -> Placement:
    line = LineWish(slot=SlotWish(slot.id, slot.pool_id))
    return Placement(slot.event_id, "Siti Rahma", (line,), **wish)  # type: ignore[arg-type]


async def book(make: Make, slot: Slot, state: OrderState = OrderState.HOLD) -> Placement:
    wish = wish_of(slot)
    await make.move(Move.place(wish, Actor.guest()))
    for step in WAYS[state]:
        await make.move(Move(step, slot.event_id, SYSTEM, wish.order_id, reason="Nominal salah"))
    return wish


async def claims(database: Database) -> list[tuple[datetime, datetime, str]]:
    query = select(func.lower(Claim.period), func.upper(Claim.period), Claim.bucket).order_by(Claim.id)
    async with database.read(SYSTEM) as session:
        return [tuple(row) for row in await session.execute(query)]  # type: ignore[misc]


async def used(database: Database, slot: Slot) -> tuple[int, int]:
    async with database.read(SYSTEM) as session:
        query = text("SELECT held, used FROM capacity_pools WHERE id = :id")
        return tuple((await session.execute(query, {"id": slot.pool_id})).one())  # type: ignore[return-value]


async def unsound(database: Database) -> list[tuple[object, ...]]:
    """Whatever is wrong but the money and the sessions, of which these orders have none."""
    return [each for each in await offenders(database) if not each[0].startswith(("payments.", "booths."))]


async def test_a_time_is_held_and_its_outlet_counts_no_place(make: Make, database: Database, outlet: Event):
    slot = await make.slot(outlet, MONDAY, resource=BOOTH)

    await book(make, slot)

    assert await claims(database) == [(MONDAY, MONDAY + 15 * MINUTE, "held")]
    assert await used(database, slot) == (1, 0)
    async with database.read(SYSTEM) as session:
        query = text("SELECT held, used FROM capacity_pools WHERE id = :id")
        assert tuple((await session.execute(query, {"id": outlet.pool_id})).one()) == (0, 0)
    assert await unsound(database) == []


async def test_the_slot_of_a_time_is_made_once(make: Make, outlet: Event):
    first = await make.slot(outlet, MONDAY, resource=BOOTH)
    second = await make.slot(outlet, MONDAY, resource=BOOTH)

    assert (second.id, second.pool_id) == (first.id, first.pool_id)


@pytest.mark.parametrize(
    ("offset", "minutes", "is_refused"),
    [(0, 15, True), (-10, 15, True), (14, 1, True), (-30, 60, True), (15, 15, False), (-15, 15, False)],
)
async def test_what_overlaps_is_refused_and_what_touches_is_not(
    make: Make, database: Database, outlet: Event, offset: int, minutes: int, is_refused: bool
):
    await book(make, await make.slot(outlet, MONDAY, resource=BOOTH))
    other = await make.slot(outlet, MONDAY + offset * MINUTE, minutes=minutes, resource=BOOTH)

    if is_refused:
        with pytest.raises(SlotHeld):
            await book(make, other)
    else:
        await book(make, other)

    assert len(await claims(database)) == (1 if is_refused else 2)


async def test_another_booth_has_the_same_time(make: Make, database: Database, outlet: Event):
    await book(make, await make.slot(outlet, MONDAY, resource=BOOTH))
    await book(make, await make.slot(outlet, MONDAY, resource=BOOTH + 1))

    assert len(await claims(database)) == 2


async def test_what_is_sold_is_taken_for_good(make: Make, outlet: Event):
    await book(make, await make.slot(outlet, MONDAY, resource=BOOTH), OrderState.PAID)

    with pytest.raises(SlotTaken):
        await book(make, await make.slot(outlet, MONDAY + 5 * MINUTE, resource=BOOTH))


async def test_a_cancelled_order_leaves_its_time_to_others(make: Make, database: Database, outlet: Event):
    await book(make, await make.slot(outlet, MONDAY, resource=BOOTH), OrderState.CANCELLED)

    await book(make, await make.slot(outlet, MONDAY + 5 * MINUTE, resource=BOOTH))

    assert [bucket for *_, bucket in await claims(database)] == ["released", "held"]


async def test_late_money_gets_its_time_back_only_while_nobody_else_has_some_of_it(
    make: Make, database: Database, outlet: Event
):
    slot = await make.slot(outlet, MONDAY, resource=BOOTH)
    late = await book(make, slot, OrderState.CANCELLED)
    other = await book(make, await make.slot(outlet, MONDAY + 5 * MINUTE, resource=BOOTH))
    pay = Move(OrderEvent.PAY_LATE, outlet.id, SYSTEM, late.order_id)

    assert (await make.move(pay)).state == OrderState.CANCELLED
    await make.move(Move(OrderEvent.CANCEL, outlet.id, SYSTEM, other.order_id))
    assert (await make.move(pay)).state == OrderState.PAID

    assert await used(database, slot) == (0, 1)
    assert await unsound(database) == []


async def test_late_money_for_a_time_that_is_over_is_due_back(make: Make, database: Database, outlet: Event):
    over = datetime.now(UTC) - 30 * MINUTE
    order = await book(make, await make.slot(outlet, over, resource=BOOTH), OrderState.CANCELLED)

    moved = await make.move(Move(OrderEvent.PAY_LATE, outlet.id, SYSTEM, order.order_id))

    assert moved.state == OrderState.CANCELLED
    assert [bucket for *_, bucket in await claims(database)] == ["released"]


async def test_a_proof_for_a_time_that_is_over_is_not_approved(
    make: Make, database: Database, outlet: Event, postgres: Server, database_url: URL
):
    slot = await make.slot(outlet, datetime.now(UTC) + MINUTE, resource=BOOTH)
    order = await book(make, slot, OrderState.REVIEW)
    with postgres.connect(database_url.database) as owner:
        owner.execute("UPDATE slots SET starts_at = starts_at - interval '1 hour', ends_at = now()")

    with pytest.raises(SlotOver):
        await make.move(Move(OrderEvent.APPROVE, outlet.id, SYSTEM, order.order_id))

    assert await used(database, slot) == (0, 1)


async def test_a_hold_ends_with_the_time_that_it_is_for(make: Make, outlet: Event):
    slot = await make.slot(outlet, datetime.now(UTC) - 10 * MINUTE, resource=BOOTH)

    moved = await make.move(Move.place(wish_of(slot), Actor.guest()))

    assert moved.hold_expires_at == slot.ends_at


async def test_of_two_in_one_group_the_first_has_the_time(make: Make, database: Database, outlet: Event):
    slots = [await make.slot(outlet, MONDAY + turn * MINUTE, resource=BOOTH) for turn in range(3)]

    outcomes = await run(database, [Move.place(wish_of(slot), Actor.guest()) for slot in slots])

    assert [type(outcome) for outcome in outcomes] == [Moved, SlotHeld, SlotHeld]
    assert len(await claims(database)) == 1


async def test_a_time_that_is_given_back_is_not_taken_in_the_same_group(
    make: Make, database: Database, outlet: Event
):
    slot = await make.slot(outlet, MONDAY, resource=BOOTH)
    first = await book(make, slot)
    cancel = Move(OrderEvent.CANCEL, outlet.id, SYSTEM, first.order_id)

    outcomes = await run(database, [cancel, Move.place(wish_of(slot), Actor.guest())])

    assert [type(outcome) for outcome in outcomes] == [Moved, SlotHeld]
    assert await unsound(database) == []


async def run(database: Database, moves: list[Move]) -> list[Moved | Replayed | PesanError]:
    async with database.sale() as session:
        return await transition_many(session, moves)


async def test_an_order_needs_a_time_where_times_are_sold_and_nowhere_else(make: Make, outlet: Event):
    slot = await make.slot(outlet, MONDAY, resource=BOOTH)
    evening = await make.event()
    of_evening = await make.slot(evening, MONDAY, resource=BOOTH + 1)

    for wish, refusal in (
        (Placement(outlet.id, "Siti Rahma"), SlotNeeded),
        (
            Placement(outlet.id, "Siti Rahma", (LineWish(2, slot=SlotWish(slot.id, slot.pool_id)),)),
            SlotNeeded,
        ),
        (wish_of(of_evening), SlotNeeded),
        (
            Placement(outlet.id, "Siti", (LineWish(slot=SlotWish(of_evening.id, of_evening.pool_id)),)),
            SlotNotFound,
        ),
    ):
        with pytest.raises((refusal, PesanError)) as refused:
            await make.move(Move.place(wish, Actor.guest()))
        assert type(refused.value) is refusal


async def rescheduled(make: Make, order: Placement, old: Slot, new: Slot) -> Moved:
    (line,) = order.lines
    change = Amendment(
        releases=(Release(line.id, old.pool_id, 1),),
        acquires=(Acquisition(line.id, SlotWish(new.id, new.pool_id)),),
    )
    return await make.move(
        Move(OrderEvent.RESCHEDULE, old.event_id, SYSTEM, order.order_id, amendment=change)
    )


async def test_an_order_takes_another_time_even_one_that_overlaps_its_own(
    make: Make, database: Database, outlet: Event
):
    old = await make.slot(outlet, MONDAY, resource=BOOTH)
    new = await make.slot(outlet, MONDAY + 5 * MINUTE, resource=BOOTH)
    order = await book(make, old, OrderState.COMPLETED)

    await rescheduled(make, order, old, new)

    assert (await used(database, old), await used(database, new)) == ((0, 0), (0, 1))
    assert sorted(await claims(database))[1] == (new.starts_at, new.ends_at, "used")
    assert await unsound(database) == []


async def test_an_order_keeps_its_time_when_the_other_is_taken(make: Make, database: Database, outlet: Event):
    old = await make.slot(outlet, MONDAY, resource=BOOTH)
    new = await make.slot(outlet, MONDAY + 30 * MINUTE, resource=BOOTH)
    order = await book(make, old, OrderState.COMPLETED)
    await book(make, new)
    before = await claims(database)

    with pytest.raises(SlotHeld):
        await rescheduled(make, order, old, new)

    assert await claims(database) == before
    assert await used(database, old) == (0, 1)
