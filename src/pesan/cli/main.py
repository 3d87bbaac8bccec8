"""`pesan`: everything an operator does with an instance."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from sqlalchemy.exc import DBAPIError

from pesan.cli import chats, checks, data, jobs, keys, privacy, retention, run, whatsapp
from pesan.errors import InvalidInput, PesanError
from pesan.settings import UnsafeSettings

FAILED = 2

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Sell limited places without ever overselling them."
)
app.command("demo")(run.demo)
app.command("serve")(run.serve)
app.command("worker")(run.worker)
app.command("migrate")(run.migrate)
app.command("whatsapp-fake")(whatsapp.whatsapp_fake)
app.command("doctor")(checks.doctor)
app.add_typer(checks.audit, name="audit")
app.add_typer(checks.config, name="config")
app.add_typer(data.merchant, name="merchant")
app.add_typer(data.event, name="event")
app.add_typer(data.user, name="user")
app.add_typer(keys.keys, name="keys")
app.add_typer(jobs.jobs, name="jobs")
app.add_typer(retention.retention, name="retention")
app.add_typer(privacy.privacy, name="privacy")
app.add_typer(chats.whatsapp, name="whatsapp")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("pesan"))
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Sell limited places without ever overselling them."""


def main() -> None:
    """Run the command; what an operator can mend is said in one sentence, without a traceback."""
    try:
        app()
    except (PesanError, UnsafeSettings, ValidationError, DBAPIError) as error:
        Console(stderr=True, soft_wrap=True).print(
            f"[bold red]pesan:[/] {escape(_say(error))}", highlight=False
        )
        sys.exit(FAILED)


def _say(error: Exception) -> str:
    """What happened, with the code that documents and programs know it by."""
    if isinstance(error, InvalidInput):
        return f"{error.field}: {error.field_message.in_('en', **error.params)} ({error.code})"
    if isinstance(error, PesanError):
        return f"{error.text('en')} ({error.code})"
    if isinstance(error, ValidationError):
        return "; ".join(f"{problem['loc'][0]}: {problem['msg']}" for problem in error.errors())
    if isinstance(error, DBAPIError):
        return f"The database could not be used. {str(error.orig).strip()} (database.unavailable)"
    return f"Not safe for production:\n{error}\n(settings.unsafe)"
