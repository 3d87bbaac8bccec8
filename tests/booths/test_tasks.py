"""Jobs of the booth desk, and what `pesan doctor` says where they did not run."""

import pytest
from sqlalchemy import func, select, text

from pesan.backoffice.queries.booth_boards import get_board, list_tallies
from pesan.booths.desk import BoothDesk
from pesan.booths.invariants import INVARIANTS
from pesan.booths.models.feeds import BoothEvent
from pesan.booths.queries.sessions import BookingFilter, get_booked, list_booked
from pesan.booths.screens.now import get_now
from pesan.booths.states import SessionEvent, SessionState
from pesan.booths.tasks import end_refunded, end_session, expire_late, finish_due, fulfil_order
from pesan.booths.topics import topic_of
from pesan.catalog.models import Event
from pesan.catalog.service import set_status
from pesan.catalog.states import EventStatus
from pesan.db import Database
from pesan.jobs import GiveUp
from pesan.kit.ids import new_id
from pesan.kit.registry import Registry
from pesan.orders.desk import SaleDesk
from pesan.orders.moves import Move
from pesan.orders.queries import get_order
from pesan.orders.states import OrderEvent, OrderState
from pesan.realtime import Hub
from tests.support.booths import MINUTE, book, book_session, let_pass, make_place, move_session, read_session
from tests.support.factories import SYSTEM

pytestmark = pytest.mark.every_postgres
E, S = SessionEvent, SessionState


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
def owner(postgres, database_url):
    """Who may write into any row."""
    with postgres.connect(database_url.database) as connection:
        yield connection


async def offenders(database: Database) -> list[str]:
    async with database.read(SYSTEM) as session:
        return [rule.name for rule in INVARIANTS if (await session.execute(text(rule.sql))).first()]


async def test_a_paid_order_becomes_a_session_once_and_its_outlet_is_hinted_at(make, database, deps):
    place = await make_place(make, database)
    order = await book(make, place, in_minutes=30, state=OrderState.PAID)

    with deps[Hub].subscribe([topic_of(place.id)]) as heard:
        for _ in range(2):
            await fulfil_order(deps, order.id)
        assert (await heard.wait(30)).value == "changed"

    session_ = await read_session(database, order.id)
    async with database.read(SYSTEM) as session:
        assert (await get_order(session, order.id)).state == OrderState.COMPLETED
    booth = place.booths[0]
    assert (session_.state, session_.booth_id, session_.resource) == (
        S.AWAITING_CUSTOMER,
        booth.id,
        booth.number,
    )
    assert (session_.arrive_until - session_.starts_at, session_.duration_minutes) == (15 * MINUTE, 15)
    assert await offenders(database) == []


async def test_whoever_paid_in_time_and_gets_a_session_when_it_is_over_has_a_moment_to_come(
    make, database, deps
):
    place = await make_place(make, database)
    order = await book(make, place, in_minutes=-20, state=OrderState.PAID)

    await fulfil_order(deps, order.id)
    await expire_late(deps)
    moved = [await move_session(database, order.id, event) for event in (E.ARRIVE, E.START)]

    assert [each.state for each in moved] == [S.ARRIVED, S.ONGOING]
    running = await read_session(database, order.id)
    assert (running.arrive_until > running.ends_at, running.due_at - running.started_at) == (
        True,
        15 * MINUTE,
    )
    assert await offenders(database) == []


async def test_an_order_that_is_none_of_an_outlets_is_given_up(make, deps):
    ticket = await make.order(state=OrderState.PAID)

    for order_id in (ticket.id, new_id()):
        with pytest.raises(GiveUp):
            await fulfil_order(deps, order_id)


async def test_an_order_that_is_not_paid_or_whose_outlet_was_cancelled_is_left(make, database, deps):
    place = await make_place(make, database)
    held = await book(make, place)
    paid = await book(make, place, in_minutes=30, state=OrderState.PAID)
    async with database.write(SYSTEM) as session:
        event = await session.get_one(Event, place.id)
        await set_status(session, event=event, status=EventStatus.CANCELLED, actor=SYSTEM)

    for order in (held, paid):
        await fulfil_order(deps, order.id)

    async with database.read(SYSTEM) as session:
        states = [(await get_order(session, order.id)).state for order in (held, paid)]
    assert states == [OrderState.HOLD, OrderState.PAID]


async def test_sweeps_run_as_jobs(make, database, deps):
    place = await make_place(make, database, booths=2)
    late = await book_session(make, database, place, in_minutes=-20)
    await let_pass(database, late.id, 20)
    over = await book_session(make, database, place, booth=1)
    await move_session(database, over.id, E.ARRIVE)
    await move_session(database, over.id, E.START)
    await let_pass(database, over.id, 15)

    await expire_late(deps)
    await finish_due(deps)

    assert [(await read_session(database, each.id)).state for each in (late, over)] == [S.EXPIRED, S.DONE]


async def test_the_end_of_a_booking_is_told_to_its_outlet(make, database, deps):
    place = await make_place(make, database)
    order = await book(make, place, in_minutes=30, state=OrderState.CANCELLED)

    with deps[Hub].subscribe([topic_of(place.id)]) as heard:
        await end_session(deps, order.id)
        assert (await heard.wait(30)).value == "changed"


async def test_whoever_came_and_left_keeps_no_booth(make, database, deps, owner):
    place = await make_place(make, database)
    left, came = [await book_session(make, database, place, in_minutes=minutes) for minutes in (0, 15)]
    for each in (left, came):
        await move_session(database, each.id, E.ARRIVE)
    owner.execute(
        "UPDATE booth_sessions SET starts_at = starts_at - interval '77 minutes',"
        " ends_at = ends_at - interval '77 minutes', arrived_at = starts_at - interval '77 minutes' WHERE id = %s",
        [left.id],
    )
    owner.commit()

    async with database.read(SYSTEM) as session:
        now = await get_now(session, place.booths[0].id)
    await expire_late(deps)

    assert now.current is not None
    assert (now.current.session.id, now.next) == (came.id, None)
    assert [(await read_session(database, each.id)).state for each in (left, came)] == [S.EXPIRED, S.ARRIVED]


@pytest.mark.parametrize("job_first", [False, True])
@pytest.mark.parametrize("is_running", [False, True])
async def test_a_refunded_time_is_the_next_customers_at_once_whichever_job_is_first(
    make, database, deps, job_first, is_running
):
    place = await make_place(make, database)
    old = await book_session(make, database, place, in_minutes=1)
    for event in (E.ARRIVE, E.START) if is_running else ():
        await move_session(database, old.id, event)
    await make.move(Move(OrderEvent.REFUND, place.id, SYSTEM, old.id, reason="Pelanggan sakit"))
    new = await book(make, place, in_minutes=1, state=OrderState.PAID)

    if job_first:
        await end_session(deps, old.id)
    await fulfil_order(deps, new.id)
    await end_session(deps, old.id)

    states = [(await read_session(database, each)).state for each in (old.id, new.id)]
    assert states == [S.OVERRIDDEN, S.AWAITING_CUSTOMER]


@pytest.mark.parametrize("is_running", [False, True])
async def test_a_refunded_customer_is_on_no_screen_before_any_job_ran(make, database, is_running):
    place = await make_place(make, database)
    session_ = await book_session(make, database, place, in_minutes=1)
    for event in (E.ARRIVE, E.START) if is_running else (E.ARRIVE,):
        await move_session(database, session_.id, event)
    await make.move(Move(OrderEvent.REFUND, place.id, SYSTEM, session_.id, reason="Pelanggan sakit"))

    async with database.read(SYSTEM) as session:
        now = await get_now(session, place.booths[0].id)
        (tile,) = (await get_board(session, place.id)).tiles
        tallies = await list_tallies(session, place.event.merchant_id)
        booked = await get_booked(session, str(session_.id))
        state = S.ONGOING if is_running else S.OVERRIDDEN
        listed = [await list_booked(session, BookingFilter(state=each)) for each in (state, S.ARRIVED)]

    assert [(now.current is not None), (tile.current is not None), now.next, tile.next] == [
        is_running
    ] * 2 + [None] * 2
    assert (tallies[0].sessions[S.ARRIVED], booked.state) == (0, state)
    assert [len(page.items) for page in listed] == [1, 0]


async def test_a_refund_whose_job_was_lost_is_swept(make, database, deps):
    place = await make_place(make, database)
    session = await book_session(make, database, place, in_minutes=60)
    await make.move(Move(OrderEvent.REFUND, place.id, SYSTEM, session.id, reason="Pelanggan sakit"))

    await end_refunded(deps)

    assert (await read_session(database, session.id)).state == S.OVERRIDDEN


async def test_a_rejection_is_told_once_however_often_its_job_runs(make, database, deps):
    order = await book(make, await make_place(make, database), state=OrderState.CANCELLED)

    for _ in range(2):
        await end_session(deps, order.id)

    async with database.read(SYSTEM) as session:
        query = select(func.count()).where(BoothEvent.session_id == order.id)
        assert await session.scalar(query) == 1


@pytest.mark.parametrize(
    ("rule", "damage"),
    [
        (
            "booths.one_customer_at_a_time",
            (
                "ALTER TABLE booth_sessions DROP CONSTRAINT ex_booth_sessions_time;"
                " UPDATE booth_sessions SET starts_at = starts_at - interval '10 minutes' WHERE id = '{second}'"
            ),
        ),
        (
            "booths.one_running_session",
            (
                "DROP INDEX uq_booth_sessions_ongoing; UPDATE booth_sessions SET state = 'ONGOING', started_at = now(),"
                " due_at = now() + interval '15 minutes'"
            ),
        ),
        ("booths.completed_orders_have_a_session", "DELETE FROM booth_sessions WHERE id = '{first}'"),
        (
            "booths.completed_orders_have_a_session",
            "UPDATE orders SET state = 'PAID', ended_at = NULL WHERE id = '{first}'",
        ),
        (
            "booths.sessions_are_where_their_order_is",
            "UPDATE booth_sessions SET starts_at = starts_at - interval '20 minutes' WHERE id = '{first}'",
        ),
        (
            "booths.nothing_is_overdue",
            "UPDATE booth_sessions SET arrive_until = now() - interval '61 minutes' WHERE id = '{first}'",
        ),
        (
            "booths.paid_times_are_free",
            (
                "DELETE FROM booth_sessions WHERE id = '{second}'; UPDATE booth_sessions"
                " SET ends_at = ends_at + interval '5 minutes' WHERE id = '{first}'; UPDATE orders SET state = 'PAID',"
                " ended_at = NULL, state_changed_at = now() - interval '11 minutes' WHERE id = '{second}'"
            ),
        ),
        ("booths.clocks_are_one", "UPDATE events SET zone = NULL"),
        (
            "booths.refunded_are_not_waited_for",
            (
                "UPDATE orders SET state = 'REFUNDED', state_changed_at = now() - interval '11 minutes'"
                " WHERE id = '{first}'"
            ),
        ),
    ],
)
async def test_what_must_hold_of_sessions_is_missed_where_it_does_not(make, database, owner, rule, damage):
    place = await make_place(make, database)
    first, second = [await book_session(make, database, place, in_minutes=minutes) for minutes in (0, 15)]
    assert await offenders(database) == []

    owner.execute(damage.format(first=first.id, second=second.id))

    assert rule in await offenders(database)
