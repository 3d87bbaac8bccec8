"""The queue's own upkeep."""

from datetime import timedelta

from pesan.db.actor import Actor
from pesan.db.database import Database
from pesan.jobs import service
from pesan.jobs.registry import task
from pesan.jobs.runner import WorkerOptions
from pesan.kit import metrics
from pesan.kit.registry import Registry
from pesan.logging import get_logger

log = get_logger(__name__)

KEEP_FINISHED_HOURS = 24
KEEP_PARKED_HOURS = 24 * 30
_CHUNK = 2_000
_ACTOR = Actor.system("jobs")


# A loop and not a job: when dead workers hold every slot, a job to rescue theirs might never be reached.
@task("jobs.rescue_stalled", every=timedelta(seconds=10))
async def rescue_stalled(deps: Registry) -> None:
    """Take back the jobs of workers that died."""
    async with deps[Database].write(_ACTOR) as session:
        rescued = await service.rescue_stalled(session, lease_seconds=deps[WorkerOptions].lease)
    for job_id, name, is_parked in rescued:
        log.warning("job.rescued", job=job_id, of=name, is_parked=is_parked)
        if is_parked:
            metrics.JOBS_FAILED.inc(name)


@task("jobs.purge_finished", every="17 3 * * *")
async def purge_finished(deps: Registry) -> None:
    """Delete finished jobs after a day and parked ones after a month."""
    await _purge(deps, ("succeeded", "cancelled", "aborted"), KEEP_FINISHED_HOURS)
    await _purge(deps, ("failed",), KEEP_PARKED_HOURS)


async def _purge(deps: Registry, statuses: tuple[str, ...], hours: int) -> None:
    deleted = _CHUNK
    while deleted == _CHUNK:
        async with deps[Database].write(_ACTOR) as session:
            deleted = await service.purge_finished(session, statuses=statuses, hours=hours, chunk=_CHUNK)
