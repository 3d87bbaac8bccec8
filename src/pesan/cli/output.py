"""How commands print: a table for people, JSON for programs, progress on standard error."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
_console = Console()
_errors = Console(stderr=True)


def print_record(record: Mapping[str, Any], *, as_json: bool) -> None:
    """One thing that was made or found."""
    if as_json:
        _print_json(record)
        return
    width = max(len(name) for name in record)
    for name, value in record.items():
        _console.print(f"[dim]{name.ljust(width)}[/]  {value}", highlight=False)


def print_records(records: Sequence[Mapping[str, Any]], *, as_json: bool, empty: str) -> None:
    """Several things of one kind."""
    if as_json:
        _print_json(list(records))
        return
    if not records:
        _console.print(empty, highlight=False)
        return
    table = Table(*records[0], box=None, header_style="dim")
    for record in records:
        table.add_row(*(str(value) for value in record.values()))
    _console.print(table)


@contextmanager
def progress(text: str) -> Iterator[Any]:
    """A spinner on standard error for what takes long; calling what it gives changes the text."""
    with _errors.status(text) as status:
        yield status.update


def say(text: str) -> None:
    """A line for the operator, on standard error."""
    _errors.print(text, highlight=False)


def _print_json(value: Any) -> None:
    typer.echo(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode())
