"""What a message becomes before and after it was handed over, over every kind of failure."""

from dataclasses import replace

import pytest

from pesan.chats.states import Category, Line, MessageState
from pesan.chats.verdicts import Draft, Standing, find_refusal, goes_as_template, judge, not_begun
from pesan.messaging.whatsapp.failures import FailureKind

QUEUED, FAILED, UNKNOWN = MessageState.QUEUED, MessageState.FAILED, MessageState.UNKNOWN
NEWS = Draft(Line.NOTIFICATIONS, Category.UTILITY, has_body=True, has_template=True)
ADVERT = replace(NEWS, line=Line.BROADCAST, category=Category.MARKETING)
DAY = 86_400.0
_NAMES = {FailureKind.UNKNOWN: "chats.unknown", FailureKind.TEMPLATE: "chats.template_not_approved"}


@pytest.mark.parametrize(
    ("kind", "attempts", "state", "wait", "counted"),
    [
        (FailureKind.RETRY, 0, QUEUED, 2, 1),
        (FailureKind.RETRY, 1, QUEUED, 4, 2),
        (FailureKind.RETRY, 2, QUEUED, 8, 3),
        (FailureKind.RETRY, 3, FAILED, 0, 4),
        (FailureKind.AWAY, 0, QUEUED, 2, 1),
        (FailureKind.AWAY, 3, QUEUED, 2, 4),
        (FailureKind.RETRY_RECIPIENT, 0, QUEUED, 4, 1),
        (FailureKind.RETRY_RECIPIENT, 1, QUEUED, 16, 2),
        (FailureKind.RETRY_RECIPIENT, 4, QUEUED, 1024, 5),
        (FailureKind.RETRY_RECIPIENT, 5, FAILED, 0, 6),
        (FailureKind.STOP_QUEUE, 2, QUEUED, 0, 2),
        (FailureKind.LATER_DAY, 0, FAILED, 0, 1),
        (FailureKind.MESSAGE, 0, FAILED, 0, 1),
        (FailureKind.TEMPLATE, 0, QUEUED, 300, 0),
        (FailureKind.TEMPLATE, 2, QUEUED, 300, 2),
        (FailureKind.RECIPIENT, 0, FAILED, 0, 1),
        (FailureKind.SWITCH_TO_TEMPLATE, 0, QUEUED, 0, 0),
        (FailureKind.OPTED_OUT, 0, FAILED, 0, 1),
        (FailureKind.UNKNOWN, 0, UNKNOWN, 120, 1),
    ],
)
def test_a_failure_asks_for_what_its_kind_says(
    kind: FailureKind, attempts: int, state: MessageState, wait: float, counted: int
) -> None:
    verdict = judge(kind, 7, replace(NEWS, attempts=attempts), as_template=False)

    assert (verdict.state, verdict.wait_seconds, verdict.attempts) == (state, wait, counted)
    assert verdict.error_code == _NAMES.get(kind, "whatsapp.7")
    assert verdict.must_be_template is (kind is FailureKind.SWITCH_TO_TEMPLATE)
    assert verdict.slows_recipient is (kind is FailureKind.RETRY_RECIPIENT and state is QUEUED)
    assert verdict.pauses is (kind is FailureKind.STOP_QUEUE)
    assert verdict.is_unreachable is (kind is FailureKind.RECIPIENT)
    assert verdict.stops_marketing is (kind is FailureKind.OPTED_OUT)


@pytest.mark.parametrize(
    ("kind", "away", "tries", "state", "wait"),
    [
        (FailureKind.AWAY, 3, 2, QUEUED, 30),
        (FailureKind.AWAY, 38, 0, QUEUED, 600),
        (FailureKind.AWAY, 39, 0, FAILED, 0),
        (FailureKind.RETRY, 7, 0, QUEUED, 2),
        (FailureKind.RETRY, 7, 3, FAILED, 0),
        (FailureKind.RETRY_RECIPIENT, 7, 0, QUEUED, 4),
        (FailureKind.RETRY_RECIPIENT, 7, 5, FAILED, 0),
    ],
)
def test_how_often_whatsapp_was_away_uses_up_no_try_of_another_kind(
    kind: FailureKind, away: int, tries: int, state: MessageState, wait: float
) -> None:
    draft = replace(NEWS, attempts=away + tries, away_tries=away)

    verdict = judge(kind, 7, draft, as_template=False)

    assert (verdict.state, verdict.wait_seconds, verdict.attempts) == (state, wait, away + tries + 1)
    assert verdict.is_away is (kind is FailureKind.AWAY and state is QUEUED)


def test_what_waited_too_long_for_its_template_failed() -> None:
    late = replace(NEWS, is_late=True, attempts=1)
    shut = Standing(is_template_usable=False)
    refused = find_refusal(late, shut)
    waiting = find_refusal(replace(late, is_late=False, must_be_template=True), shut)
    assert refused is not None
    assert waiting is not None
    judged = judge(FailureKind.TEMPLATE, 132001, late, as_template=True)
    assert [(one.state, one.error_code, one.attempts) for one in (refused, judged)] == [
        (FAILED, "chats.template_not_approved", 1)
    ] * 2
    assert (waiting.state, waiting.must_be_template, waiting.attempts) == (QUEUED, True, 1)


def test_whatsapp_may_ask_for_more_patience_than_ours() -> None:
    assert judge(FailureKind.RETRY, 134101, NEWS, as_template=True, pause=600.0).wait_seconds == 600.0
    assert judge(FailureKind.RETRY, 1, NEWS, as_template=True, pause=0.5).wait_seconds == 2.0


def test_advertising_waits_a_day_once() -> None:
    first = judge(FailureKind.LATER_DAY, 131049, ADVERT, as_template=True)
    again = judge(
        FailureKind.LATER_DAY, 131049, replace(ADVERT, last_error=first.error_code), as_template=True
    )
    assert (first.state, first.wait_seconds, again.state) == (QUEUED, DAY, FAILED)
    # Whoever accepted it in between forgot its error.
    late = judge(FailureKind.LATER_DAY, 131049, replace(ADVERT, is_late=True), as_template=True)
    assert late.state is FAILED


def test_a_template_is_not_switched_to_again() -> None:
    bare = replace(NEWS, has_template=False)
    for draft, as_template in ((NEWS, True), (bare, False)):
        assert judge(FailureKind.SWITCH_TO_TEMPLATE, 131047, draft, as_template=as_template).state is FAILED


def test_a_failure_without_a_code_is_named_by_its_kind() -> None:
    assert judge(FailureKind.RETRY, None, NEWS, as_template=False).error_code == "whatsapp.retry"


def test_what_was_not_begun_waits_as_before() -> None:
    waiting = not_begun(replace(NEWS, attempts=2, must_be_template=True, last_error="whatsapp.1"))
    assert (waiting.state, waiting.attempts, waiting.must_be_template) == (QUEUED, 2, True)
    assert waiting.error_code == "whatsapp.1"


OPEN, SHUT = Standing(is_open=True), Standing()


@pytest.mark.parametrize(
    ("draft", "standing", "refusal"),
    [
        (NEWS, OPEN, None),
        (NEWS, SHUT, None),
        (replace(NEWS, has_template=False), OPEN, None),
        (replace(NEWS, has_template=False), SHUT, "chats.outside_window"),
        (replace(NEWS, has_body=False, has_template=False), OPEN, "chats.outside_window"),
        (replace(NEWS, has_template=False, must_be_template=True), OPEN, "chats.outside_window"),
        (NEWS, Standing(is_open=True, is_stopped=True), "chats.stopped"),
        (replace(NEWS, line=Line.REPLIES), Standing(is_open=True, is_stopped=True), None),
        (NEWS, Standing(is_marketing_stopped=True), None),
        (ADVERT, Standing(is_marketing_stopped=True), "chats.stopped"),
        (NEWS, Standing(is_unreachable=True), None),
        (ADVERT, Standing(is_unreachable=True), "chats.unreachable"),
        (ADVERT, Standing(is_called_off=True), "chats.cancelled"),
    ],
)
def test_some_messages_are_not_handed_over(draft: Draft, standing: Standing, refusal: str | None) -> None:
    found = find_refusal(draft, standing)
    assert (found.error_code if found else None) == refusal


def test_the_window_decides_on_the_form() -> None:
    assert goes_as_template(NEWS, OPEN) is False
    assert goes_as_template(NEWS, SHUT) is True
    assert goes_as_template(replace(NEWS, has_body=False), OPEN) is True
    assert goes_as_template(replace(NEWS, must_be_template=True), OPEN) is True
