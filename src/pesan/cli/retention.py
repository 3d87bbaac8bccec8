"""Letting go of what is no longer needed, and seeing beforehand what would go."""

from typing import Annotated, Any

import typer

from pesan.cli.instance import with_database
from pesan.cli.output import AsJson, print_records
from pesan.db import Database
from pesan.privacy.retention import Outcome, apply, preview
from pesan.settings import Settings
from pesan.storage.keeping import open_keeping

retention = typer.Typer(no_args_is_help=True, help="How long data is kept.")


@retention.command("run")
def retention_run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let go of what is older than the settings keep it; the worker does so every night."""

    async def work(database: Database, settings: Settings) -> list[Outcome]:
        if dry_run:
            return await preview(database, settings)
        return await apply(database, open_keeping(settings, database), settings)

    rows = [_row(outcome, dry_run=dry_run) for outcome in with_database(work)]
    print_records(rows, as_json=as_json, empty="Nothing is kept.")


def _row(outcome: Outcome, *, dry_run: bool) -> dict[str, Any]:
    return {"kind": outcome.kind, "kept_hours": outcome.hours, "rows": outcome.rows, "is_dry_run": dry_run}
