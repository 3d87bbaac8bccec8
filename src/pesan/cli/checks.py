"""Commands that prove things: invariants, the audit's chains, the settings."""

from typing import Annotated, Any

import typer
from sqlalchemy import text

from pesan.app.instance import Instance
from pesan.app.modules import list_invariants
from pesan.app.web import create_app
from pesan.app.wiring import build_registry
from pesan.audit.erasure import erase
from pesan.audit.verify import verify
from pesan.cli.instance import with_database
from pesan.cli.output import AsJson, print_record, print_records, say
from pesan.cli.values import Subject, parse_subject
from pesan.db import Actor, Database, Invariant
from pesan.settings import Settings, load_settings, problems, warnings
from pesan.tickets.resealing import list_sealed
from pesan.web.reserved import reserved_words

audit = typer.Typer(no_args_is_help=True, help="The audit's chains.")
config = typer.Typer(no_args_is_help=True, help="The settings.")
_ACTOR = Actor.system("doctor")
_MOST_OFFENDERS = 50


def doctor(as_json: AsJson = False) -> None:
    """Check every invariant; exit 1 and name the offenders when one is broken."""

    async def work(database: Database, settings: Settings) -> list[dict[str, Any]]:
        found = [found for rule in list_invariants() for found in await _offenders(database, rule)]
        return [*found, *await _sealed_keys(database, settings.secret), *await _shadowed(database, settings)]

    offenders = with_database(work)
    print_records(
        offenders if as_json else [_in_words(found) for found in offenders],
        as_json=as_json,
        empty=f"All {len(list_invariants()) + 2} invariants hold.",
    )
    raise typer.Exit(1 if offenders else 0)


def _in_words(found: dict[str, Any]) -> dict[str, str]:
    offender = ", ".join(f"{name} {value}" for name, value in found["offender"].items())
    return {"what must hold": f"{found['description']} ({found['invariant']})", "who breaks it": offender}


async def _offenders(database: Database, rule: Invariant) -> list[dict[str, Any]]:
    query = text(f"SELECT * FROM ({rule.sql}) offenders LIMIT {_MOST_OFFENDERS}")  # noqa: S608  our own text
    async with database.read(_ACTOR) as session:
        await session.execute(text("SET LOCAL statement_timeout = '120s'"))
        rows = (await session.execute(query)).mappings().all()
    return [{"invariant": rule.name, "description": rule.description, "offender": dict(row)} for row in rows]


async def _sealed_keys(database: Database, secret: bytes) -> list[dict[str, Any]]:
    """No query can tell this: the database never holds the secret."""
    async with database.read(_ACTOR) as session:
        sealed = await list_sealed(session, secret)
    rule = {
        "invariant": "tickets.keys_open",
        "description": "PESAN_SECRET_KEY opens every signing key; after a change, `pesan keys reseal`.",
    }
    return [{**rule, "offender": {"kid": key.kid, "merchant_id": key.merchant_id}} for key in sealed]


async def _shadowed(database: Database, settings: Settings) -> list[dict[str, Any]]:
    """No query can tell this either: the words are those that the routes of this version begin with."""
    words = reserved_words(create_app(build_registry(Instance(settings, database.url, None), "web")))
    query = text("SELECT id, slug FROM merchants WHERE lower(slug) = ANY (:words) ORDER BY slug")
    async with database.read(_ACTOR) as session:
        rows = (await session.execute(query, {"words": sorted(words)})).mappings().all()
    rule = {
        "invariant": "tenancy.slugs_are_reachable",
        "description": "No merchant's slug is a word that an address of ours begins with.",
    }
    return [{**rule, "offender": dict(row)} for row in rows]


@audit.command("verify")
def audit_verify(as_json: AsJson = False) -> None:
    """Check every chain and block of the audit; exit 1 and name what was tampered with."""

    async def work(database: Database, _: Settings) -> list[dict[str, Any]]:
        async with database.read(_ACTOR) as session:
            await session.execute(text("SET LOCAL statement_timeout = '600s'"))
            return [{"fault": str(fault)} for fault in await verify(session)]

    faults = with_database(work)
    print_records(faults, as_json=as_json, empty="The audit is whole.")
    raise typer.Exit(1 if faults else 0)


@audit.command("erase")
def audit_erase(
    subject: Annotated[
        Subject, typer.Option(parser=parse_subject, help="Whose history: `order:ID`, `user:ID` …")
    ],
    reason: Annotated[str, typer.Option(help="Why; kept in the history. Name nobody in it.")],
    as_json: AsJson = False,
) -> None:
    """Forget whom a history names; the history itself, and the row it is about, stay."""

    async def work(database: Database, _: Settings) -> dict[str, Any]:
        actor = Actor.system("cli")
        async with database.write(actor) as session:
            count = await erase(session, kind=subject.kind, subject_id=subject.id, reason=reason, actor=actor)
        return {"entries": count}

    print_record(with_database(work), as_json=as_json)


@config.command("check")
def config_check(as_json: AsJson = False) -> None:
    """Say what stands against showing this instance to the public; exit 1 when something does."""
    settings = load_settings()
    found, doubts = problems(settings), warnings(settings)
    if as_json:
        print_record({"ok": not found, "problems": found, "warnings": doubts}, as_json=True)
    else:
        _say_findings(found, doubts)
    raise typer.Exit(1 if found else 0)


def _say_findings(found: list[str], doubts: list[str]) -> None:
    for sentence in found:
        say(f"[red]✗[/] {sentence}")
    for sentence in doubts:
        say(f"[yellow]![/] {sentence}")
    if not found:
        say("[green]✓[/] Nothing stands against it.")
