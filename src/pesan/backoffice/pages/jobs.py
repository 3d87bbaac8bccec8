"""The instance's queue, for administrators: what waits, what was parked, and trying again."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from pesan.backoffice.desk import DeskOf, go
from pesan.errors import NotFound
from pesan.jobs.queries import get_workers, list_parked, list_queue_gauges
from pesan.jobs.service import retry_parked
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

router = APIRouter(prefix="/backoffice/jobs", dependencies=[allow(Who.ADMIN)])


@router.get("")
async def show_jobs(desk: DeskOf, done: Annotated[int | None, Query()] = None) -> Response:
    """Depth and age of every queue, and the jobs that failed for good."""
    async with desk.reading("jobs") as room:
        context = {
            "gauges": await list_queue_gauges(room.session),
            "jobs": await list_parked(room.session),
            "workers": await get_workers(room.session),
            "done": done,
        }
        return desk.page(room.chrome, "jobs", context)


@router.post("/{job_id}/retry", dependencies=[require_csrf])
async def submit_retry(desk: DeskOf, job_id: int) -> Response:
    """Queue a parked job again."""
    async with desk.database.write(desk.actor) as session:
        if not await retry_parked(session, job_id):
            raise NotFound
    return go(f"/backoffice/jobs?done={job_id}")
