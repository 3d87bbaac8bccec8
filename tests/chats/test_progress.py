"""Statuses come in any order, and leave a message where the best of them says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pesan.chats.progress import Progress, advance
from pesan.chats.states import Category, Line, MessageState
from pesan.chats.verdicts import Draft
from pesan.messaging.whatsapp.inbound import StatusUpdate

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
DRAFT = Draft(Line.BROADCAST, Category.MARKETING, has_body=True, has_template=True, attempts=1)
ACCEPTED = Progress(MessageState.ACCEPTED, DRAFT, as_template=False, wamid="wamid.1")
NAMES = ("sent", "delivered", "read", "played", "failed", "warned")
CODES = (None, 131016, 131026, 131042, 131047, 131049, 131050)


def told(name: str, seconds: int = 0, code: int | None = None, wamid: str = "wamid.1") -> StatusUpdate:
    at = AT + timedelta(seconds=seconds)
    return StatusUpdate("106", wamid, name, at, None, None, code, None)


def seen(progress: Progress) -> tuple[object, ...]:
    """What anybody can see of a message."""
    moments = (progress.sent_at, progress.delivered_at, progress.read_at, progress.failed_at)
    return (progress.state, progress.error_code, *moments)


def fold(progress: Progress, statuses: list[StatusUpdate]) -> Progress:
    for status in statuses:
        progress, _ = advance(progress, status)
    return progress


@given(
    st.lists(st.sampled_from(NAMES), unique=True).flatmap(
        lambda names: st.tuples(st.permutations(names), st.permutations(names))
    ),
    st.sampled_from(CODES),
    st.sampled_from([MessageState.ACCEPTED, MessageState.SENDING, MessageState.UNKNOWN, MessageState.QUEUED]),
)
def test_every_order_of_the_same_statuses_ends_the_same(
    orders: tuple[list[str], list[str]], code: int | None, state: MessageState
) -> None:
    wamid = "wamid.1" if state is MessageState.ACCEPTED else None
    start = replace(ACCEPTED, state=state, wamid=wamid)
    one, other = (fold(start, [told(name, NAMES.index(name), code) for name in order]) for order in orders)
    assert seen(one) == seen(other)


@pytest.mark.parametrize(
    ("names", "state"),
    [
        (["sent"], "sent"),
        (["delivered"], "delivered"),
        (["read", "sent", "delivered"], "read"),
        (["played"], "read"),
        (["failed", "sent"], "failed"),
        (["failed", "delivered"], "delivered"),
        (["delivered", "failed"], "delivered"),
        (["warned"], "accepted"),
    ],
)
def test_the_best_of_them_holds(names: list[str], state: str) -> None:
    ended = fold(ACCEPTED, [told(name, code=131026) for name in names])
    assert (ended.state, ended.error_code) == (state, "whatsapp.131026" if state == "failed" else None)
    assert (ended.failed_at is not None) is ("failed" in names)


def test_every_time_is_kept_and_the_first_of_each() -> None:
    ended = fold(ACCEPTED, [told("read", 5), told("sent", 2), told("delivered", 3), told("sent", 1)])
    assert [moment and (moment - AT).seconds for moment in seen(ended)[2:]] == [1, 3, 5, None]


def test_outside_the_window_it_is_queued_again_as_a_template_once() -> None:
    again, verdict = advance(ACCEPTED, told("failed", code=131047))
    assert verdict is not None
    assert (again.state, again.as_template, again.wait_seconds) == (MessageState.QUEUED, True, 0.0)
    assert advance(again, told("sent"))[0].state is MessageState.QUEUED, "it tells of what failed"

    sent_again = replace(again, state=MessageState.ACCEPTED, wamid="wamid.2")
    ended, _ = advance(sent_again, told("failed", code=131047, wamid="wamid.2"))
    assert (ended.state, ended.error_code) == (MessageState.FAILED, "whatsapp.131047")


def test_what_arrived_after_all_is_not_sent_again() -> None:
    waiting, _ = advance(ACCEPTED, told("failed", code=131016))
    assert (waiting.state, waiting.wait_seconds) == (MessageState.QUEUED, 2.0)
    arrived, _ = advance(waiting, told("delivered"))
    assert (arrived.state, arrived.wait_seconds) == (MessageState.DELIVERED, None)


def test_a_cancelled_message_stays_so_unless_it_arrived() -> None:
    cancelled = replace(ACCEPTED, state=MessageState.CANCELLED)
    assert fold(cancelled, [told("sent"), told("failed", code=1)]).state is MessageState.CANCELLED
    assert fold(cancelled, [told("delivered")]).state is MessageState.DELIVERED


@pytest.mark.parametrize("code", [131000, 131026, 131047])
@pytest.mark.parametrize("names", [["failed"], ["sent", "failed"]])
@pytest.mark.parametrize("state", [MessageState.ACCEPTED, MessageState.SENT])
def test_what_a_lost_handing_over_came_to_undoes_none_that_replaced_it(
    state: MessageState, names: list[str], code: int
) -> None:
    replaced = replace(ACCEPTED, state=state, wamid="wamid.2")

    late = fold(replaced, [told(name, code=code) for name in names])

    assert (late.wamid, late.error_code, late.draft.attempts) == ("wamid.2", None, 1)
    assert late.state is (MessageState.SENT if "sent" in names else state)
    assert late.failed_at == AT
    ended, verdict = advance(late, told("failed", code=131026, wamid="wamid.2"))
    assert (ended.state, ended.error_code) == (MessageState.FAILED, "whatsapp.131026")
    assert verdict is not None
    assert verdict.is_unreachable
