"""When data of an instance came out: the same papers as an organizer's, over every merchant or one."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import func, select

from pesan.backoffice.locks import lock_merchant
from pesan.backoffice.views.breaches import breach_cells
from pesan.backoffice.words import BREACH_EXPORT_HEADER
from pesan.cli.instance import with_database
from pesan.cli.output import AsJson, print_record
from pesan.cli.values import on_clocks_of, parse_moment
from pesan.db import Actor, Database, ReadSession
from pesan.kit.export import ExportFormat, open_table
from pesan.kit.times import isoformat
from pesan.privacy.breach_paper import compose_breach
from pesan.privacy.breaches import Affected, Breach, Scope, find_affected, record_report, stream_people
from pesan.privacy.holdings import DataClass
from pesan.privacy.papers import to_pdf
from pesan.settings import Settings
from pesan.tenancy.queries import get_merchant_by_slug

_ACTOR = Actor.system("cli")


@dataclass(frozen=True, slots=True)
class _Wish:
    """What was given; times without an offset are on the clocks of the instance's zone."""

    out: Path
    people: Path | None
    merchant: str | None
    discovered_at: datetime
    from_at: datetime | None
    until_at: datetime | None
    texts: tuple[str, str, str]
    classes: tuple[DataClass, ...]

    def breach(self, scope: Scope, zone: str) -> Breach:
        """The breach as the report speaks of it."""
        return Breach(on_clocks_of(self.discovered_at, zone), *self.texts, self.classes, scope)


def breach_report(
    *,
    out: Annotated[Path, typer.Option(help="Where the PDF goes.", dir_okay=False)],
    discovered_at: Annotated[
        datetime, typer.Option("--discovered", parser=parse_moment, help="When it was found, ISO 8601.")
    ],
    what: Annotated[str, typer.Option(help="What happened, when and how.")],
    handling: Annotated[str, typer.Option(help="What is done about it.")],
    contact: Annotated[str, typer.Option(help="Whom to ask.")],
    merchant: Annotated[
        str | None, typer.Option(help="A merchant's slug; every merchant unless given.")
    ] = None,
    from_at: Annotated[
        datetime | None, typer.Option("--from", parser=parse_moment, help="Bookings placed from then on.")
    ] = None,
    until_at: Annotated[
        datetime | None, typer.Option("--to", parser=parse_moment, help="Bookings placed before then.")
    ] = None,
    classes: Annotated[
        list[DataClass] | None,
        typer.Option("--class", help="A kind of data that came out; all unless given."),
    ] = None,
    people: Annotated[
        Path | None, typer.Option(help="Where the list of people goes, masked, as CSV.", dir_okay=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make the notice of a breach, due 3 × 24 hours after its discovery, and note it in the history."""
    kinds = tuple(classes or DataClass)
    wish = _Wish(out, people, merchant, discovered_at, from_at, until_at, (what, handling, contact), kinds)

    async def work(database: Database, settings: Settings) -> dict[str, Any]:
        return await _report(database, settings.zone, wish)

    print_record(with_database(work), as_json=as_json)


async def _report(database: Database, zone: str, wish: _Wish) -> dict[str, Any]:
    async with database.read(_ACTOR) as session:
        breach = wish.breach(await _scope(session, wish, zone), zone)
        affected = await find_affected(session, breach.scope, breach.classes)
        now = (await session.scalars(select(func.clock_timestamp()))).one()
        if wish.people:
            await _write_people(session, breach.scope, wish.people, zone)
    paper = compose_breach(breach, affected, author=wish.merchant or "Pesan", zone=zone, now=now)
    wish.out.write_bytes(await to_pdf(paper))
    await _note(database, breach, affected)
    return {
        "file": str(wish.out),
        "people": affected.people,
        "bookings": affected.bookings,
        "events": len(affected.by_event),
        "due_at": isoformat(breach.due_at),
        "is_late": now > breach.due_at,
    }


async def _scope(session: ReadSession, wish: _Wish, zone: str) -> Scope:
    owner = await get_merchant_by_slug(session, wish.merchant) if wish.merchant else None
    times = [moment and on_clocks_of(moment, zone) for moment in (wish.from_at, wish.until_at)]
    return Scope((owner.id,) if owner else (), None, *times)


async def _write_people(session: ReadSession, scope: Scope, path: Path, zone: str) -> None:
    header = [text.in_("id") for text in BREACH_EXPORT_HEADER]
    with path.open("wb") as file:
        table = open_table(ExportFormat.CSV, file, title="Pesan", header=header)
        async for portion in stream_people(session, scope):
            table.add([breach_cells(found, zone) for found in portion])
        table.finish()


async def _note(database: Database, breach: Breach, affected: Affected) -> None:
    async with database.write(_ACTOR) as session:
        for merchant_id in sorted({touched.merchant_id for touched in affected.by_event}):
            merchant = await lock_merchant(session, merchant_id)
            await record_report(session, merchant, breach, affected.by_event, actor=_ACTOR)
