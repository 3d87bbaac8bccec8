"""Commands that run an instance in the foreground."""

import asyncio
import os
import sys
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Annotated

import typer
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pesan.app.instance import Instance, open_instance
from pesan.app.supervisor import Child, Patience, run
from pesan.cli.instance import DEFAULT_PORT, announced, find_origin, settle_origin
from pesan.cli.output import AsJson, print_record, progress, say
from pesan.db.connections import find_shortage
from pesan.settings import Settings, load_settings, require_safe

Port = Annotated[int, typer.Option(min=1, max=65535, help="Where to listen.")]
Workers = Annotated[int, typer.Option(min=1, max=64, help="Web processes.")]
_ANY_HOST = {"0.0.0.0", "::"}  # noqa: S104  a name for every interface, as the operator asked
_OWN_HOST = "127.0.0.1"
_OK = 200


def demo(port: Port = DEFAULT_PORT, workers: Workers = 1) -> None:
    """Serve a demo with believable Indonesian data on http://localhost:8000."""
    # Drawing the demo's pictures takes modules that no other command needs.
    from pesan.app.demo import prepare_demo, refuse_in_production

    os.environ.setdefault("PESAN_BASE_URL", f"http://localhost:{port}")
    os.environ.setdefault("PESAN_LOG_LEVEL", "warning")  # what is printed is for a person here
    settings = load_settings()
    refuse_in_production(settings)
    beside = []
    if not settings.wa_phone_id:
        beside.append(_whatsapp(port))
        settings = load_settings()
    with progress("Opening the database") as update, open_instance(settings, update) as instance:
        instance.migrate()
        update("Writing demo data, which takes half a minute the first time")
        prepare_demo(instance)
    _serve(
        settings,
        _OWN_HOST,
        port,
        workers,
        beside=beside,
        on_ready=lambda: _begin(settings, port, has_chats=bool(beside)),
    )


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = _OWN_HOST,
    port: Port = DEFAULT_PORT,
    workers: Workers = 1,
) -> None:
    """Serve this instance: database (unless another is named), web and worker, until SIGTERM."""
    settings = load_settings()
    require_safe(settings)
    origin = f"http://{_show(host)}:{port}"
    settings = settle_origin(settings, origin)
    _serve(settings, host, port, workers, on_ready=lambda: say(f"Serving on {origin}"))


def worker() -> None:
    """Run jobs only, for an instance whose web processes run elsewhere."""
    settings = load_settings()
    settle_origin(settings, find_origin(settings))
    os.execv(sys.executable, _module("pesan.worker"))  # noqa: S606  ourselves


def migrate(as_json: AsJson = False) -> None:
    """Bring the database up to date, making it where there is none; of several processes that try, one works."""
    settings = load_settings()
    with (
        progress("Opening the database") as update,
        open_instance(settings, update, may_initialise=True) as instance,
    ):
        changed = instance.migrate()
    if as_json:
        print_record({"changed": changed}, as_json=True)
        return
    say("The database was brought up to date." if changed else "The database is up to date.")


def _whatsapp(port: int) -> Child:
    """A stand-in for WhatsApp beside the demo, which from now on is set to use it."""
    from pesan.app.whatsapp_fake import free_port
    from pesan.app.whatsapp_fake.instance import WEBHOOK_PATH, variables_for

    own_port = free_port()
    os.environ.update(variables_for(own_port))
    webhook = f"http://{_OWN_HOST}:{port}{WEBHOOK_PATH}"
    command = _module("pesan.app.whatsapp_fake", "--port", str(own_port), "--webhook-url", webhook)
    return Child("whatsapp", command)


def _serve(
    settings: Settings,
    host: str,
    port: int,
    workers: int,
    *,
    on_ready: Callable[[], None],
    beside: Sequence[Child] = (),
) -> None:
    with ExitStack() as stack:
        with progress("Opening the database") as update:
            instance = stack.enter_context(open_instance(settings, update))
            instance.migrate()
            _refuse_demo_in_production(instance)
            shortage = find_shortage(
                instance.owner_url, web_workers=workers, pool_size=settings.database_pool_size
            )
        if shortage:
            say(f"[yellow]![/] {shortage}")
        if instance.server is not None:
            instance.server.watch()
        stack.enter_context(announced(settings, f"http://{_show(host)}:{port}"))
        status = run(
            [*beside, *_children(host, port, workers)],
            is_ready=lambda: _answers(host, port),
            on_ready=on_ready,
            patience=Patience(leave=settings.leave_seconds),
        )
    raise typer.Exit(status)


def _refuse_demo_in_production(instance: Instance) -> None:
    if instance.settings.is_production:
        from pesan.app.demo import refuse_demo_people

        refuse_demo_people(instance)


def _children(host: str, port: int, workers: int) -> list[Child]:
    address = ("--host", host, "--port", str(port), "--workers", str(workers))
    return [
        Child("web", _module("pesan.app.server", *address), wants_notice=True),
        Child("worker", _module("pesan.worker")),
    ]


def _module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", name, *arguments]


def _answers(host: str, port: int) -> bool:
    address = f"http://{_show(host)}:{port}/readyz"
    with urllib.request.urlopen(address, timeout=2) as answer:
        return bool(answer.status == _OK)


def _show(host: str) -> str:
    """The host as a link has it, reachable from this machine."""
    shown = _OWN_HOST if host in _ANY_HOST else host
    return f"[{shown}]" if ":" in shown else shown


def _begin(settings: Settings, port: int, *, has_chats: bool) -> None:
    """What is true of a demo once it answers: whom it may write to, and where everything is."""
    if has_chats:
        _hand_in_templates(settings)
    _welcome(settings, port, has_chats)


def _hand_in_templates(settings: Settings) -> None:
    """The stand-in begins without any; it tells of its verdicts as WhatsApp does."""
    from pesan.chats.submitting import ask_standings
    from pesan.messaging.whatsapp.client import WhatsAppClient
    from pesan.messaging.whatsapp.failures import SendFailed

    async def hand_in() -> None:
        client = WhatsAppClient.of(settings)
        try:
            await ask_standings(client, settings.base_url, submit=True)
        finally:
            await client.aclose()

    try:
        asyncio.run(hand_in())
    except SendFailed as failed:
        say(f"[yellow]![/] WhatsApp took no templates: {failed}")


def _welcome(settings: Settings, port: int, has_chats: bool) -> None:
    from pesan.app.demo import LOG_INS, TRIP

    people = Table.grid(padding=(0, 3))
    for person in LOG_INS:
        people.add_row(f"[dim]{person.role}[/]", person.email, f"[bold]{person.password}[/]")
    steps = Table.grid(padding=(0, 3))
    for person in LOG_INS:
        if person.app_key:
            steps.add_row("[dim]authenticator key[/]", f"{person.email}\n[bold]{person.app_key}[/]")
    places = Table.grid(padding=(0, 3))
    places.add_row("[dim]events[/]", f"[bold]http://localhost:{port}[/]")
    places.add_row("[dim]booths[/]", f"http://localhost:{port}/booths")
    places.add_row("[dim]trip[/]", f"http://localhost:{port}/t/{TRIP}")
    places.add_row("[dim]back office[/]", f"http://localhost:{port}/backoffice/login")
    places.add_row("[dim]scanner[/]", f"http://localhost:{port}/gate")
    if has_chats:
        places.add_row("[dim]WhatsApp[/]", settings.wa_url)
    if not settings.smtp_url.get_secret_value():
        places.add_row("[dim]mail[/]", Text(str(settings.home / "outbox")))
    lines = Group(places, "", people, "", steps, "", "[dim]Ctrl+C stops it; what is in it is kept.[/]")
    panel = Panel(lines, title="Pesan demo", expand=False, padding=(1, 3))
    Console(stderr=True).print(panel, highlight=False)
