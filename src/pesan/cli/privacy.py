"""What an operator does for people's data: after a restore, erase again whom the backup brought back."""

from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import func, select

from pesan.cli.breach import breach_report
from pesan.cli.instance import with_database
from pesan.cli.output import AsJson, print_record, say
from pesan.db import Actor, Database
from pesan.privacy.erasure_list import add_to_list, list_path, read_list
from pesan.privacy.marks import known_marks
from pesan.privacy.noting import list_erasures
from pesan.privacy.papers import to_pdf
from pesan.privacy.processors import list_processors
from pesan.privacy.register import Controller, compose_register, list_notes
from pesan.privacy.replay import preview, replay
from pesan.settings import Settings
from pesan.storage.keeping import open_keeping
from pesan.tenancy.queries import get_merchant_by_slug

privacy = typer.Typer(no_args_is_help=True, help="People's data.")
privacy.command("breach-report")(breach_report)
erasures = typer.Typer(no_args_is_help=True, help="The list of who was erased, for after a restore.")
privacy.add_typer(erasures, name="erasures")
_ACTOR = Actor.system("cli")
List = Annotated[
    Path | None,
    typer.Option("--list", help="The list's file; PESAN_ERASURE_LIST unless given.", dir_okay=False),
]


@erasures.command("export")
def erasures_export(path: List = None, as_json: AsJson = False) -> None:
    """Add to the list what the database has on record and the list lacks; the worker does so after each erasure."""

    async def work(database: Database, settings: Settings) -> dict[str, Any]:
        async with database.read(_ACTOR) as session:
            erased = await list_erasures(session)
        target = path or list_path(settings)
        return {"list": str(target), "erasures": len(erased), "added": add_to_list(target, erased)}

    print_record(with_database(work), as_json=as_json)


@erasures.command("replay")
def erasures_replay(
    path: List = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be erased.")] = False,
    as_json: AsJson = False,
) -> None:
    """After a restore: erase again whom the list names; exit 1 when some of it could not be done yet."""

    async def work(database: Database, settings: Settings) -> dict[str, Any]:
        contents, marks = read_list(path or list_path(settings)), known_marks(settings)
        entries = sorted(contents.entries)
        if dry_run:
            done = await preview(database, entries, marks)
        else:
            done = await replay(database, open_keeping(settings, database), entries, marks)
        return {
            "entries": len(entries),
            "people": done.people,
            "bookings": done.bookings,
            "requests": done.requests,
            "waiting": done.waiting,
            "unknown": done.unknown,
            "broken": contents.broken,
            "is_dry_run": dry_run,
        }

    done = with_database(work)
    print_record(done, as_json=as_json)
    for name, sentence in _LEFT.items():
        if done[name]:
            say(f"[yellow]![/] {done[name]} {sentence}")
    raise typer.Exit(1 if done["waiting"] or done["unknown"] else 0)


_LEFT = {
    "waiting": "bookings are not over yet in this backup; replay again when they are.",
    "unknown": "entries were made with another secret; give it as PESAN_OLD_SECRET_KEY.",
    "broken": "lines cannot be read; look for another copy of the list.",
}


@privacy.command("register")
def register(
    *,
    out: Annotated[Path, typer.Option(help="Where the PDF goes.", dir_okay=False)],
    merchant: Annotated[
        str | None, typer.Option(help="A merchant's slug; the whole instance unless given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make the record of processing: why data is kept, for how long, and who else handles it."""

    async def work(database: Database, settings: Settings) -> dict[str, Any]:
        async with database.read(_ACTOR) as session:
            owner = await get_merchant_by_slug(session, merchant) if merchant else None
            found = await list_processors(session, settings, owner.id if owner else None)
            notes = await list_notes(session, owner.id) if owner else {}
            now = (await session.scalars(select(func.clock_timestamp()))).one()
        host = Controller(settings.base_url or "Pesan", settings.mail_from, settings.zone)
        controller = Controller.of(owner) if owner else host
        out.write_bytes(await to_pdf(compose_register(controller, settings, found, notes, now=now)))
        return {"file": str(out), "processors": [each.key for each in found], "described": sorted(notes)}

    print_record(with_database(work), as_json=as_json)
