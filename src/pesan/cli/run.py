"""Commands that run an instance in the foreground."""

import os
import sys
import urllib.request
from typing import Annotated

import typer
from rich.console import Console
from rich.panel import Panel

from pesan.app.demo import LOG_INS, prepare_demo
from pesan.app.instance import open_instance
from pesan.app.supervisor import Child, run
from pesan.cli.output import progress, say
from pesan.settings import Settings, load_settings, require_safe

Port = Annotated[int, typer.Option(min=1, max=65535, help="Where to listen.")]
Workers = Annotated[int, typer.Option(min=1, max=64, help="Web processes.")]
_ANY_HOST = {"0.0.0.0", "::"}  # noqa: S104  a name for every interface, as the operator asked


def demo(port: Port = 8000, workers: Workers = 1) -> None:
    """Serve a demo with believable Indonesian data on http://localhost:8000."""
    os.environ.setdefault("PESAN_BASE_URL", f"http://localhost:{port}")
    settings = load_settings()
    with progress("Opening the database") as update, open_instance(settings, update) as instance:
        instance.migrate()
        update("Writing demo data")
        prepare_demo(instance)
    _serve(settings, "127.0.0.1", port, workers, on_ready=lambda: _welcome(port))


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Port = 8000,
    workers: Workers = 1,
) -> None:
    """Serve this instance: database (unless another is named), web and worker, until SIGTERM."""
    settings = load_settings()
    require_safe(settings)
    _serve(settings, host, port, workers, on_ready=lambda: say(f"Serving on http://{host}:{port}"))


def worker() -> None:
    """Run jobs only, for an instance whose web processes run elsewhere."""
    os.execv(sys.executable, [sys.executable, "-m", "pesan.worker.main"])


def migrate() -> None:
    """Bring the database up to date; of several processes that try, one works."""
    settings = load_settings()
    with progress("Opening the database") as update, open_instance(settings, update) as instance:
        changed = instance.migrate()
    say("The database was brought up to date." if changed else "The database is up to date.")


def _serve(settings: Settings, host: str, port: int, workers: int, *, on_ready) -> None:
    with progress("Opening the database") as update, open_instance(settings, update) as instance:
        instance.migrate()
        if instance.server is not None:
            instance.server.watch()
        children = [
            Child("web", _module("pesan.app.server", "--host", host, "--port", str(port), "--workers", str(workers))),
            Child("worker", _module("pesan.worker.main")),
        ]
        status = run(children, is_ready=lambda: _answers(host, port), on_ready=on_ready)
    raise typer.Exit(status)


def _module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", name, *arguments]


def _answers(host: str, port: int) -> bool:
    address = "127.0.0.1" if host in _ANY_HOST else host
    with urllib.request.urlopen(f"http://{address}:{port}/healthz", timeout=2) as answer:
        return bool(answer.status == 200)


def _welcome(port: int) -> None:
    lines = [f"[bold]http://localhost:{port}[/]", f"[dim]back office[/]  http://localhost:{port}/backoffice/login", ""]
    lines += [f"[dim]{person.role.ljust(10)}[/]  {person.email}  [bold]{person.password}[/]" for person in LOG_INS]
    Console(stderr=True).print(Panel("\n".join(lines), title="Pesan demo", expand=False, padding=(1, 3)))
