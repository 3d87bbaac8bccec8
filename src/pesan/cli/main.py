"""`pesan`: everything an operator does with an instance."""

import sys

import typer
from rich.console import Console

from pesan.cli import checks, data, keys, run
from pesan.db.embedded import EmbeddedServerError
from pesan.errors import PesanError
from pesan.settings import UnsafeSettings

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Sell limited places without ever overselling them."
)
app.command("demo")(run.demo)
app.command("serve")(run.serve)
app.command("worker")(run.worker)
app.command("migrate")(run.migrate)
app.command("doctor")(checks.doctor)
app.add_typer(checks.audit, name="audit")
app.add_typer(checks.config, name="config")
app.add_typer(data.merchant, name="merchant")
app.add_typer(data.event, name="event")
app.add_typer(data.user, name="user")
app.add_typer(keys.keys, name="keys")


def main() -> None:
    """Run the command; what an operator can mend is said in one sentence, without a traceback."""
    try:
        app()
    except (PesanError, EmbeddedServerError, UnsafeSettings, ValueError) as error:
        message = error.text("en") if isinstance(error, PesanError) else str(error)
        Console(stderr=True, soft_wrap=True).print(f"[bold red]pesan:[/] {message}", highlight=False)
        sys.exit(2)
