"""When a failed job runs again."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st
from procrastinate.jobs import Job

from pesan.jobs import GiveUp
from pesan.jobs.registry import DEFAULT_ATTEMPTS
from pesan.jobs.retry import FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, Backoff, wait_after


def _job(attempts: int) -> Job:
    return Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="sample", attempts=attempts)


@given(st.integers(0, 500))
def test_wait_is_at_least_half_of_the_step_and_never_above_the_cap(earlier: int) -> None:
    step = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** min(earlier, 16))

    assert step / 2 <= wait_after(earlier).total_seconds() <= step


def test_waits_of_one_step_differ() -> None:
    assert len({wait_after(5) for _ in range(50)}) > 40


def test_default_attempts_outlast_an_hour() -> None:
    steps = [min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2**n) for n in range(DEFAULT_ATTEMPTS - 1)]

    assert sum(steps) / 2 > 60 * 60


def test_last_attempt_is_not_retried() -> None:
    backoff = Backoff(attempts=3)

    assert [backoff.may_retry(ValueError(), earlier) for earlier in range(4)] == [True, True, False, False]


def test_job_that_gives_up_is_not_retried() -> None:
    assert Backoff(attempts=3).get_retry_decision(exception=GiveUp("sample"), job=_job(0)) is None


def test_job_cut_off_by_a_shutdown_is_given_back_without_a_time() -> None:
    decision = Backoff(attempts=1).get_retry_decision(exception=asyncio.CancelledError(), job=_job(5))

    assert decision is not None
    assert decision.retry_at is None
