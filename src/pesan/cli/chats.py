"""Commands for what an instance may say on WhatsApp."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from pesan.chats.submitting import ask_standings
from pesan.chats.templates_store import list_standings, record_standings
from pesan.cli.instance import with_database
from pesan.cli.output import AsJson, print_records, say
from pesan.db import Actor, Database
from pesan.messaging.whatsapp.client import WhatsAppClient
from pesan.messaging.whatsapp.failures import SendFailed
from pesan.messaging.whatsapp.templates import TemplateState
from pesan.settings import Settings

whatsapp = typer.Typer(no_args_is_help=True, help="What this instance may say on WhatsApp.")
_ACTOR = Actor.system("cli")


@whatsapp.command("templates")
def templates(
    submit: Annotated[
        bool, typer.Option("--submit", help="Hand in what WhatsApp does not have yet.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the templates and how WhatsApp judged them, and with --submit hand in those that are missing."""

    async def work(database: Database, settings: Settings) -> list[dict[str, Any]]:
        if submit and settings.has_whatsapp and not settings.base_url:
            say("PESAN_BASE_URL is missing: the buttons of templates would lead nowhere.")
            raise typer.Exit(2)
        if settings.has_whatsapp:
            states = await _ask(settings, submit=submit)
            async with database.write(_ACTOR) as session:
                await record_standings(session, states)
        elif submit:
            say("WhatsApp is not set up: see PESAN_WA_PHONE_ID and PESAN_WA_ACCESS_TOKEN.")
            raise typer.Exit(2)
        async with database.read(_ACTOR) as session:
            return [asdict(one) for one in await list_standings(session)]

    print_records(with_database(work), as_json=as_json, empty="No template.")


async def _ask(settings: Settings, *, submit: bool) -> list[TemplateState]:
    client = WhatsAppClient.of(settings)
    try:
        return await ask_standings(client, settings.base_url, submit=submit)
    except SendFailed as failed:
        say(f"WhatsApp refused: {failed}")
        raise typer.Exit(2) from failed
    finally:
        await client.aclose()
