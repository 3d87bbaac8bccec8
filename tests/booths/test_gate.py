"""Sessions through their gate, against the database: what is written, told and kept, and who comes first."""

import asyncio

import pytest
from sqlalchemy import select, text

from pesan.audit.queries import list_entries
from pesan.booths import gate, locks
from pesan.booths.decide import CLOCK
from pesan.booths.desk import BoothDesk
from pesan.booths.ending import end
from pesan.booths.errors import BoothBusy, NothingToUndo, NotPaidYet, SessionNotFound, TooEarly, WrongState
from pesan.booths.models.feeds import BoothEvent
from pesan.booths.moves import Moved, SessionMove
from pesan.booths.states import SessionEvent, SessionState
from pesan.capacity.errors import SlotTaken
from pesan.db import Actor, Database
from pesan.idempotency.service import Answer, Wanted
from pesan.kit.ids import new_id
from pesan.orders.desk import SaleDesk
from pesan.orders.moves import Move, Replayed
from pesan.orders.queries import get_order
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments import CaptureCompanion
from pesan.payments.refunds.companions import RefundCompanion
from pesan.payments.refunds.states import RefundCause
from pesan.realtime import Hub
from tests.support.booths import (
    book,
    book_session,
    fulfil_session,
    let_pass,
    make_place,
    move_session,
    move_sessions,
    read_session,
)
from tests.support.database import offenders
from tests.support.factories import SYSTEM, Make

pytestmark = pytest.mark.every_postgres
E, S = SessionEvent, SessionState


@pytest.fixture
def desk(database: Database) -> BoothDesk:
    hub = Hub()
    return BoothDesk(database, hub, SaleDesk(database, hub))


@pytest.fixture
def owner(postgres, database_url):
    """Who may take an index away."""
    with postgres.connect(database_url.database) as connection:
        yield connection


async def told(database: Database, session_id) -> list[tuple[str, str]]:
    query = select(BoothEvent.kind, BoothEvent.payload).order_by(BoothEvent.seq)
    async with database.read(SYSTEM) as session:
        rows = await session.execute(query.where(BoothEvent.session_id == session_id))
        return [(kind, payload["state"]) for kind, payload in rows]


async def pay(make: Make, order) -> None:
    companion = CaptureCompanion(order.id, order.merchant_id, order.total_amount)
    await make.move(Move(OrderEvent.PAY, order.event_id, SYSTEM, order.id, companions=(companion,)))


async def refund(make: Make, order_id, event_id, merchant_id) -> None:
    companion = RefundCompanion(order_id, merchant_id, RefundCause.ASKED, "Sakit")
    move = Move(OrderEvent.REFUND, event_id, SYSTEM, order_id, reason="Sakit", companions=(companion,))
    await make.move(move)


async def test_a_session_goes_its_way_and_its_orders_history_and_its_outlets_feed_say_so(make, database):
    place = await make_place(make, database)
    order = await book(make, place, buyer_name="Siti Rahma")
    await pay(make, order)
    session_ = await fulfil_session(make, database, order.id)

    for event in (E.ARRIVE, E.START, E.FINISH):
        assert isinstance(await move_session(database, session_.id, event, place.staff), Moved)

    async with database.read(SYSTEM) as session:
        entries = [record.entry for record in await list_entries(session, order.id)]
        done = await get_order(session, order.id)
    assert done.state == OrderState.COMPLETED
    assert [entry.action for entry in entries][-4:] == [
        "order:fulfilment:completed",
        "session:customer:arrived",
        "session:booth:started",
        "session:booth:finished",
    ]
    assert entries[-1].data == {"from": "ONGOING", "to": "DONE", "booth_id": str(session_.booth_id)}
    assert entries[-1].actor_id == place.staff.user_id
    assert await told(database, session_.id) == [
        ("SESSION_APPROVED", "AWAITING_CUSTOMER"),
        ("SESSION_CHANGED", "ARRIVED"),
        ("SESSION_CHANGED", "ONGOING"),
        ("SESSION_CHANGED", "DONE"),
    ]
    assert await offenders(database) == []


async def test_what_is_told_names_nobody_in_full(make, database):
    place = await make_place(make, database)
    session_ = await book_session(make, database, place, buyer_name="Siti Rahma", email="siti@contoh.id")

    async with database.read(SYSTEM) as session:
        (payload,) = await session.scalars(
            select(BoothEvent.payload).where(BoothEvent.session_id == session_.id)
        )
    assert payload.pop("serverTime")
    assert payload == {
        "sessionId": str(session_.id),
        "boothId": str(session_.booth_id),
        "state": "AWAITING_CUSTOMER",
        "startsAt": payload["startsAt"],
        "endsAt": payload["endsAt"],
        "dueAt": None,
        "customer": "s***i",
    }


async def test_an_order_is_fulfilled_once_whoever_tries(make, database):
    place = await make_place(make, database)
    session_ = await book_session(make, database, place, in_minutes=30)

    with pytest.raises(Exception, match="wrong_state"):
        await fulfil_session(make, database, session_.id)

    assert (await read_session(database, session_.id)).state == S.AWAITING_CUSTOMER
    assert len(await told(database, session_.id)) == 1


async def test_a_refused_move_changes_nothing_and_does_not_disturb_its_group(make, database):
    place = await make_place(make, database, booths=2)
    first = await book_session(make, database, place)
    second = await book_session(make, database, place, booth=1)
    unpaid = await book(make, place, in_minutes=60)

    outcomes = await move_sessions(
        database,
        SessionMove(E.START, first.id, place.staff),
        SessionMove(E.ARRIVE, second.id, place.staff),
        SessionMove(E.START, second.id, place.staff),
        SessionMove(E.ARRIVE, unpaid.id, place.staff),
        SessionMove(E.ARRIVE, new_id(), place.staff),
    )

    states = [each.state if isinstance(each, Moved) else type(each) for each in outcomes]
    assert states == [WrongState, S.ARRIVED, S.ONGOING, NotPaidYet, SessionNotFound]
    assert (await read_session(database, first.id)).changed_at == first.changed_at
    assert (await read_session(database, second.id)).state == S.ONGOING
    assert len(await told(database, first.id)) == 1


async def test_sweeps_write_down_what_the_clock_did_and_nothing_else(make, database, desk):
    place = await make_place(make, database, booths=2)
    late = await book_session(make, database, place, in_minutes=-30)
    await let_pass(database, late.id, 30)
    waited_for = await book_session(make, database, place, in_minutes=30)
    running, over = [
        await book_session(make, database, place, booth=1, in_minutes=minutes) for minutes in (30, 0)
    ]
    for each in (over, running):
        await move_session(database, each.id, E.ARRIVE)
        await move_session(database, each.id, E.START)
        await let_pass(database, each.id, 16) if each is over else None
        await desk.sweep(E.FINISH)

    assert (await desk.sweep(E.EXPIRE), await desk.sweep(E.EXPIRE), await desk.sweep(E.FINISH)) == (1, 0, 0)
    expired, finished = await read_session(database, late.id), await read_session(database, over.id)
    assert (expired.state, expired.expired_at) == (S.EXPIRED, expired.arrive_until)
    assert (finished.state, finished.finished_at) == (S.DONE, finished.due_at)
    assert (await read_session(database, waited_for.id)).state == S.AWAITING_CUSTOMER
    assert (await read_session(database, running.id)).state == S.ONGOING
    assert await told(database, late.id) == [
        ("SESSION_APPROVED", "AWAITING_CUSTOMER"),
        ("SESSION_EXPIRED", "EXPIRED"),
    ]


async def test_nobody_starts_hours_early_at_a_time_that_somebody_else_holds_or_paid_for(make, database):
    place = await make_place(make, database)
    early, missing, held = [
        await book_session(make, database, place, in_minutes=120),
        await book_session(make, database, place, in_minutes=-5),
        await book(make, place, in_minutes=12),
    ]
    await move_session(database, early.id, E.ARRIVE, place.staff)

    refused = await move_session(database, early.id, E.START, place.staff)
    await move_session(database, missing.id, E.OVERRIDE, place.staff, reason="Batal datang")
    still = await move_session(database, early.id, E.START, place.staff)
    await make.move(Move(OrderEvent.CANCEL, place.id, SYSTEM, held.id, reason="Batal"))
    moved = await move_session(database, early.id, E.START, place.staff)

    assert [type(each) for each in (refused, still, moved)] == [TooEarly, TooEarly, Moved]
    assert refused.extra["starts_at"]


async def test_a_hold_that_ran_out_keeps_nobody_from_starting_early_and_one_that_is_being_paid_does(
    make, database
):
    place = await make_place(make, database)
    early = await book_session(make, database, place, in_minutes=120)
    held = await book(make, place, in_minutes=12)
    await move_session(database, early.id, E.ARRIVE, place.staff)

    async def start_with(**ends: str) -> object:
        assigned = ", ".join(
            f"{name} = clock_timestamp() + interval '{value}'" for name, value in ends.items()
        )
        async with database.sale() as session:
            await session.execute(text(f"UPDATE orders SET {assigned} WHERE id = :id"), {"id": held.id})
        return type(await move_session(database, early.id, E.START, place.staff))

    found = [
        await start_with(hold_expires_at="-1 second", payment_open_until="5 minutes"),
        await start_with(payment_open_until="-1 second"),
    ]

    assert found == [TooEarly, Moved]


async def test_a_session_that_is_over_by_the_clock_keeps_no_booth_busy(make, database, desk):
    place = await make_place(make, database)
    first = await book_session(make, database, place, in_minutes=0)
    second = await book_session(make, database, place, in_minutes=15)
    for each in (first, second):
        await move_session(database, each.id, E.ARRIVE)
    await desk.submit(SessionMove(E.START, first.id, place.staff))

    with pytest.raises(BoothBusy):
        await desk.submit(SessionMove(E.START, second.id, place.staff))
    await let_pass(database, first.id, 16)
    moved = await desk.submit(SessionMove(E.START, second.id, place.staff))

    assert moved.state is S.ONGOING
    assert (await read_session(database, first.id)).state == S.DONE


async def test_a_request_that_is_sent_again_is_answered_the_same_and_another_one_refused(
    make, database, desk
):
    place = await make_place(make, database)
    session_ = await book_session(make, database, place)
    arrival = SessionMove(E.ARRIVE, session_.id, place.staff)
    wanted = Wanted("scope", "key", b"arrival")

    def render(moved: Moved) -> Answer:
        return Answer(200, moved.state.value.encode())

    first = await desk.submit(arrival, wanted=wanted, render=render)
    again = await desk.submit(arrival, wanted=wanted, render=render)
    with pytest.raises(WrongState) as refusal:
        await desk.submit(arrival)

    assert (first.state, again) == (S.ARRIVED, Replayed(Answer(200, b"ARRIVED", {})))
    assert refusal.value.extra == {"state": "ARRIVED"}
    assert len(await told(database, session_.id)) == 2


async def test_an_unpaid_booking_is_called_off_by_its_orders_gate(make, database, desk):
    place = await make_place(make, database)
    order = await book(make, place, in_minutes=60)
    override = SessionMove(E.OVERRIDE, order.id, place.staff, reason="Tutup")

    with pytest.raises(NotPaidYet):
        await desk.submit(SessionMove(E.OVERRIDE, order.id, place.staff, target=S.ARRIVED, reason="x"))
    moved = await desk.submit(override)

    assert (moved.state, moved.session) == (S.EXPIRED, None)
    async with database.read(SYSTEM) as session:
        assert (await get_order(session, order.id)).state == OrderState.CANCELLED
    with pytest.raises(SessionNotFound):
        await desk.submit(SessionMove(E.OVERRIDE, order.id, Actor.guest(), reason="x"))


async def test_a_refunded_session_is_not_waited_for_and_does_not_come_back(make, database):
    place = await make_place(make, database)
    order = await book(make, place, in_minutes=60)
    await pay(make, order)
    session_ = await fulfil_session(make, database, order.id)
    await refund(make, order.id, place.id, order.merchant_id)

    assert (await end(database, order.id), await end(database, order.id)) == (place.id, None)

    ended = await read_session(database, session_.id)
    assert (ended.state, ended.override_by, ended.overridden_from) == (
        S.OVERRIDDEN,
        None,
        S.AWAITING_CUSTOMER,
    )
    assert (await told(database, order.id))[-1] == ("SESSION_OVERRIDE", "OVERRIDDEN")
    outcome = await move_session(database, session_.id, E.UNDO, place.staff)
    assert outcome.code == "booths.session_refunded"
    assert await offenders(database) == []


async def test_an_unpaid_booking_that_ended_is_told_as_rejected(make, database):
    place = await make_place(make, database)
    live = await book(make, place, in_minutes=30)
    gone = await book(make, place, in_minutes=60, state=OrderState.REJECTED)
    ticket = await make.order()

    assert [await end(database, each.id) for each in (live, gone, ticket)] == [None, place.id, None]
    assert await told(database, gone.id) == [("SESSION_REJECTED", "EXPIRED")]
    assert await told(database, live.id) == []


async def test_an_undone_override_leaves_the_row_as_it_was_with_the_override_before_it(make, database):
    place = await make_place(make, database)
    session_ = await book_session(make, database, place)
    steps = [(E.ARRIVE, None), (E.START, None), (E.FINISH, None), (E.OVERRIDE, S.OVERRIDDEN)]
    for event, target in steps:
        await move_session(database, session_.id, event, place.staff, target=target, reason="Lampu mati")
    before = await row_of(database, session_.id)

    moved = await move_session(database, session_.id, E.OVERRIDE, target=S.ONGOING, reason="Sudah nyala")
    undone = await move_session(database, session_.id, E.UNDO, place.staff)

    followed = {"overridden_from": None, "replaced": None}
    after = await row_of(database, session_.id)
    assert (moved.state, undone.state) == (S.ONGOING, S.OVERRIDDEN)
    assert after == {**before, **followed, "changed_at": after["changed_at"]}
    assert (after["override_by"], after["override_reason"]) == (place.staff.user_id, "Lampu mati")
    assert isinstance(await move_session(database, session_.id, E.UNDO, place.staff), NothingToUndo)


async def row_of(database: Database, session_id) -> dict[str, object]:
    row = await read_session(database, session_id)
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


async def test_the_time_of_a_session_is_taken_until_its_order_goes_back(make, database):
    place = await make_place(make, database)
    session_ = await book_session(make, database, place, in_minutes=60)
    await move_session(database, session_.id, E.OVERRIDE, reason="Tidak jadi")

    with pytest.raises(SlotTaken):
        await book(make, place, in_minutes=65)
    assert (await move_session(database, session_.id, E.UNDO)).state is S.AWAITING_CUSTOMER


async def race(database: Database, *moves: SessionMove) -> list[object]:
    """Moves that each come in a transaction of their own, at the same moment: where each led, or its refusal."""

    async def run(move: SessionMove) -> object:
        (outcome,) = await move_sessions(database, move)
        return outcome.state if isinstance(outcome, Moved) else type(outcome)

    return await asyncio.gather(*(run(move) for move in moves), return_exceptions=True)


async def arrived_pair(make: Make, database: Database) -> list[SessionMove]:
    place = await make_place(make, database)
    pair = [await book_session(make, database, place, in_minutes=minutes) for minutes in (0, 15)]
    for each in pair:
        await move_session(database, each.id, E.ARRIVE)
    return [SessionMove(E.START, each.id, place.staff) for each in pair]


async def ongoing(database: Database) -> int:
    async with database.read(SYSTEM) as session:
        return await session.scalar(text("SELECT count(*) FROM booth_sessions WHERE state = 'ONGOING'"))


async def test_of_two_starts_at_once_on_one_booth_one_is_refused(make, database):
    moves = await arrived_pair(make, database)

    found = await race(database, *moves)

    assert sorted(found, key=str) == sorted([S.ONGOING, BoothBusy], key=str)
    assert await ongoing(database) == 1


@pytest.fixture
def unlocked(monkeypatch):
    """A gate that locks no booth, and where two that came at once have both read before either writes."""
    both = asyncio.Barrier(2)

    async def read_together(session, session_ids, **wanted):
        situation = await locks.lock_sessions(session, session_ids)
        await both.wait()
        return situation

    monkeypatch.setattr(locks, "_BOOTHS", text("SELECT 1 WHERE :ids IS NULL").bindparams(locks._IDS))
    monkeypatch.setattr(gate, "lock_sessions", read_together)


async def test_without_the_booths_lock_and_index_both_start(make, database, owner, request):
    """The control: the race above is there to be lost."""
    moves = await arrived_pair(make, database)
    owner.execute("DROP INDEX uq_booth_sessions_ongoing")
    owner.commit()
    request.getfixturevalue("unlocked")

    assert await race(database, *moves) == [S.ONGOING, S.ONGOING]
    assert await ongoing(database) == 2


async def test_the_database_itself_refuses_a_second_session_at_a_booth(make, database, request):
    moves = await arrived_pair(make, database)
    request.getfixturevalue("unlocked")

    found = await race(database, *moves)

    assert found.count(S.ONGOING) == 1
    assert "uq_booth_sessions_ongoing" in str(next(each for each in found if each is not S.ONGOING))
    assert await ongoing(database) == 1


@pytest.mark.parametrize(
    ("first", "second", "minutes"),
    [
        (SessionMove(E.ARRIVE, new_id(), SYSTEM), SessionMove(E.EXPIRE, new_id(), CLOCK), 60),
        (
            SessionMove(E.OVERRIDE, new_id(), SYSTEM, target=S.OVERRIDDEN, reason="Rusak"),
            SessionMove(E.FINISH, new_id(), SYSTEM),
            0,
        ),
        (SessionMove(E.ARRIVE, new_id(), SYSTEM), SessionMove(E.ARRIVE, new_id(), SYSTEM), 0),
    ],
    ids=["arrive and expire", "override and finish", "arrive twice"],
)
async def test_of_two_moves_of_one_session_at_once_the_second_sees_the_first(
    make, database, first, second, minutes
):
    place = await make_place(make, database)
    session_ = await book_session(make, database, place)
    if second.event is E.FINISH:
        await move_session(database, session_.id, E.ARRIVE)
        await move_session(database, session_.id, E.START)
    await let_pass(database, session_.id, minutes)
    before = len(await told(database, session_.id))

    found = await race(
        database, *(SessionMove(**{**_parts(each), "session_id": session_.id}) for each in (first, second))
    )

    state = (await read_session(database, session_.id)).state
    assert [each for each in found if isinstance(each, S)][-1:] == [state]
    assert len(await told(database, session_.id)) == before + sum(isinstance(each, S) for each in found)
    assert await offenders_of_audit(database) == []


def _parts(move: SessionMove) -> dict[str, object]:
    return {name: getattr(move, name) for name in SessionMove.__slots__}


async def offenders_of_audit(database: Database) -> list[object]:
    return [each for each in await offenders(database) if not isinstance(each, tuple)]
