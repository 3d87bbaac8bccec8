"""Commands for jobs that failed for good."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from pesan.cli.instance import with_database
from pesan.cli.output import AsJson, print_record, print_records
from pesan.db import Actor, Database
from pesan.errors import NotFound
from pesan.jobs.queries import ParkedJob, list_parked
from pesan.jobs.service import retry_all_parked, retry_parked
from pesan.settings import Settings

jobs = typer.Typer(no_args_is_help=True, help="Jobs that failed for good and wait for somebody.")
_ACTOR = Actor.system("cli")
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


@jobs.command("parked")
def jobs_parked(
    most: Annotated[int, typer.Option(min=1, max=10_000, help="How many to list, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the parked jobs with their reason and age."""

    async def work(database: Database, _: Settings) -> list[ParkedJob]:
        async with database.read(_ACTOR) as session:
            return list(await list_parked(session, size=most))

    found = with_database(work)
    records = [asdict(job) if as_json else _in_words(job) for job in found]
    print_records(records, as_json=as_json, empty="Nothing is parked.")


@jobs.command("retry")
def jobs_retry(
    job_id: Annotated[int | None, typer.Argument(help="The job, as `pesan jobs parked` names it.")] = None,
    is_all: Annotated[
        bool, typer.Option("--all", help="Every parked job, the longest parked first.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Queue a parked job again, or all of them; what was done already is not done twice."""
    if (job_id is None) is not is_all:
        raise typer.BadParameter("name one job, or --all")

    async def work(database: Database, _: Settings) -> dict[str, Any]:
        async with database.write(_ACTOR) as session:
            if job_id is None:
                return {"retried": await retry_all_parked(session)}
            if not await retry_parked(session, job_id):
                raise NotFound
            return {"retried": 1}

    print_record(with_database(work), as_json=as_json)


def _in_words(job: ParkedJob) -> dict[str, Any]:
    return {
        "job": job.id,
        "task": job.task,
        "queue": job.queue,
        "reason": job.failure or "worker died",
        "attempts": job.attempts,
        "age": _age(int(job.age_seconds)),
    }


def _age(seconds: int) -> str:
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    return f"{seconds // _HOUR} h" if seconds < 2 * _DAY else f"{seconds // _DAY} d"
