"""When a failed job runs again: exponential backoff with jitter, until it is parked."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job

from pesan.jobs.errors import GiveUp

FIRST_WAIT_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 900.0


class Backoff(BaseRetryStrategy):
    """Waits 5 s, 10 s, 20 s … up to 15 minutes, each between half and all of it, `attempts` times in all."""

    def __init__(self, attempts: int) -> None:
        self.attempts = attempts

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """None parks the job; a decision without a time gives it back to the queue (see `lease`)."""
        if isinstance(exception, asyncio.CancelledError):
            return RetryDecision()
        if not self.may_retry(exception, job.attempts):
            return None
        return RetryDecision(retry_at=datetime.now(UTC) + wait_after(job.attempts))

    def may_retry(self, error: BaseException, earlier_attempts: int) -> bool:
        """Whether the job that failed with `error` runs again."""
        return not isinstance(error, GiveUp) and earlier_attempts + 1 < self.attempts


def wait_after(earlier_attempts: int) -> timedelta:
    """How long a job rests that failed after so many earlier attempts; random, so that a crowd spreads out."""
    longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(earlier_attempts, 16))
    return timedelta(seconds=longest * random.uniform(0.5, 1.0))  # noqa: S311  spreads load, guards nothing
