"""The instance's queue, for administrators: what waits, what was parked, and trying again."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from pesan.backoffice.desk import DeskOf, go
from pesan.errors import NotFound
from pesan.jobs.queries import get_workers, list_parked, list_queue_gauges
from pesan.jobs.service import LAST_ID, retry_all_parked, retry_parked
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

router = APIRouter(prefix="/backoffice/jobs", dependencies=[allow(Who.ADMIN)])
_SIZE = 50


@router.get("")
async def show_jobs(
    desk: DeskOf,
    done: Annotated[int | None, Query()] = None,
    retried: Annotated[int | None, Query()] = None,
    before: Annotated[int | None, Query(ge=0, le=LAST_ID)] = None,
) -> Response:
    """Depth and age of every queue, and the jobs that failed for good, the newest first."""
    async with desk.reading("jobs") as room:
        jobs = await list_parked(room.session, before=before, size=_SIZE)
        context = {
            "gauges": await list_queue_gauges(room.session),
            "jobs": jobs,
            "older": jobs[-1].id if len(jobs) == _SIZE else None,
            "retried": retried,
            "workers": await get_workers(room.session),
            "done": done,
        }
        return desk.page(room.chrome, "jobs", context)


@router.post("/retry", dependencies=[require_csrf])
async def submit_retry_all(desk: DeskOf) -> Response:
    """Queue every parked job again, the longest parked first."""
    async with desk.database.write(desk.actor) as session:
        retried = await retry_all_parked(session)
    return go(f"/backoffice/jobs?retried={retried}")


@router.post("/{job_id}/retry", dependencies=[require_csrf])
async def submit_retry(desk: DeskOf, job_id: int) -> Response:
    """Queue a parked job again."""
    async with desk.database.write(desk.actor) as session:
        if not await retry_parked(session, job_id):
            raise NotFound
    return go(f"/backoffice/jobs?done={job_id}")
