"""What a ticket's scans come to is a function of the set of them, whatever order they arrived in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from pesan.gates.history import Conflict, Entered, Seen, Settled, Stood, work_out
from pesan.gates.states import ConflictKind, Direction, Reason, Reentry, Result
from pesan.gates.verdict import Standing

START = datetime(2026, 12, 5, 12, tzinfo=UTC)
A, B, C, D, GATE = (UUID(int=number) for number in range(1, 6))


def scan(id: UUID, minute: float, **changes: object) -> Seen:  # noqa: A002
    at = START + timedelta(minutes=minute)
    values = {
        "direction": Direction.ENTRY,
        "shown": Result.OK,
        "scanned_at": at,
        "received_at": at,
        **changes,
    }
    return Seen(id=id, gate_id=GATE, **values)  # type: ignore[arg-type]


def freely(scans: list[Seen]) -> list[Seen]:
    """The same where whoever went out may come back."""
    return [replace(scan, reentry=Reentry.AFTER_EXIT) for scan in scans]


seen = st.builds(
    Seen,
    id=st.uuids(),
    gate_id=st.uuids(),
    direction=st.sampled_from(Direction),
    shown=st.sampled_from([Result.OK, Result.OK, Result.OK, Result.DUPLICATE, Result.VOID]),
    scanned_at=st.integers(0, 6).map(lambda minute: START + timedelta(minutes=minute)),
    received_at=st.integers(6, 9).map(lambda minute: START + timedelta(minutes=minute)),
    refusal=st.sampled_from([None, None, None, Reason.VOIDED, Reason.NOT_OPEN]),
    reentry=st.sampled_from(Reentry),
    is_undone=st.booleans(),
)
histories = st.lists(seen, max_size=12, unique_by=lambda scan: scan.id)


@given(histories, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_history(scans, random):
    shuffled = random.sample(scans, len(scans))

    assert work_out(shuffled) == work_out(scans)


@given(histories, st.integers(0, 12))
def test_what_came_before_is_known_by_where_it_left_the_ticket(scans, place):
    in_order = sorted(scans, key=lambda scan: (scan.scanned_at, scan.received_at, scan.id))
    whole, late = work_out(scans), in_order[place:]

    since = work_out(late, work_out(in_order[:place]).stood)

    assert since.stood == whole.stood
    assert since.settled == {scan.id: whole.settled[scan.id] for scan in late}


@given(histories)
def test_each_cycle_has_one_entry_that_counts(scans):
    history = work_out(scans)

    entries = [scan.id for scan in scans if scan.direction is Direction.ENTRY]
    counting = [settled.cycle for id, settled in history.settled.items() if settled.cycle and id in entries]  # noqa: A001
    assert sorted(counting) == list(range(1, history.stood.standing.cycle + 1))


@given(histories)
def test_whoever_passed_and_does_not_count_is_shown_to_a_person(scans):
    history = work_out(scans)

    looked_at = {id for conflict in history.conflicts for id in conflict.scans}  # noqa: A001
    passed = {scan.id for scan in scans if scan.was_green and scan.direction is Direction.ENTRY}
    assert {id for id in passed if history.settled[id].cycle is None} <= looked_at  # noqa: A001


def test_the_earliest_of_two_admissions_counts():
    history = work_out([scan(B, 2), scan(A, 1)])

    assert history.settled == {A: Settled(Result.OK, 1), B: Settled(Result.DUPLICATE)}
    assert history.conflicts == [Conflict(ConflictKind.DOUBLE_ENTRY, 1, [A, B])]
    entered = Entered(A, START + timedelta(minutes=1), GATE)
    assert history.stood == Stood(Standing(1, is_inside=True), entered)


def test_of_two_at_the_same_moment_the_first_received_counts():
    late = START + timedelta(hours=1)

    history = work_out([scan(A, 1, received_at=late), scan(B, 1)])

    assert [id for id, settled in history.settled.items() if settled.cycle] == [B]  # noqa: A001


def test_what_a_screen_refused_admits_nobody_later():
    history = work_out([scan(A, 1, shown=Result.DUPLICATE), scan(B, 2)])

    assert history.settled == {A: Settled(Result.DUPLICATE), B: Settled(Result.OK, 1)}
    assert history.conflicts == []


def test_an_exit_opens_the_next_cycle_where_people_may_come_back():
    scans = [scan(A, 1), scan(B, 2, direction=Direction.EXIT), scan(C, 3)]

    assert work_out(freely(scans)).settled[C] == Settled(Result.OK, 2)
    assert work_out(scans).settled[C] == Settled(Result.DUPLICATE)


def test_an_exit_that_comes_late_takes_a_conflict_back():
    entries = [scan(A, 1), scan(C, 3)]

    assert len(work_out(freely(entries)).conflicts) == 1
    assert work_out(freely([*entries, scan(B, 2, direction=Direction.EXIT)])).conflicts == []


def test_a_void_ticket_that_a_screen_let_in_does_not_count_and_is_looked_at():
    history = work_out([scan(A, 1, refusal=Reason.VOIDED)])

    assert history.settled == {A: Settled(Result.VOID)}
    assert history.conflicts == [Conflict(ConflictKind.REFUSED_ADMITTED, 0, [A])]
    assert history.stood.standing == Standing()


def test_an_undone_entry_leaves_its_place_to_the_next():
    history = work_out([scan(A, 1, is_undone=True), scan(B, 2)])

    assert history.settled[B] == Settled(Result.OK, 1)
    assert history.conflicts == []


def test_whoever_came_in_before_the_gates_opened_is_in_and_looked_at():
    history = work_out([scan(A, 1, refusal=Reason.NOT_OPEN), scan(B, 2)])

    assert history.settled == {A: Settled(Result.OK, 1), B: Settled(Result.DUPLICATE)}
    assert [one.kind for one in history.conflicts] == [
        ConflictKind.DOUBLE_ENTRY,
        ConflictKind.REFUSED_ADMITTED,
    ]
