"""The command that serves WhatsApp for development."""

from dataclasses import replace
from typing import Annotated

import typer

from pesan.cli.output import say
from pesan.settings import load_settings

DEFAULT_PORT = 8100
Secret = Annotated[str, typer.Option(help="As the instance has it; by default from its settings.")]


def whatsapp_fake(
    *,
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Where to listen, on this machine only.")
    ] = DEFAULT_PORT,
    webhook_url: Annotated[str, typer.Option(help="Where updates are posted; empty keeps them back.")] = "",
    app_secret: Secret = "",
    access_token: Secret = "",
    verify_token: Secret = "",
    number: Annotated[
        list[str] | None, typer.Option(help="A business number as ID:DISPLAY; several are possible.")
    ] = None,
) -> None:
    """Serve a stand-in for WhatsApp: the Graph API, webhooks, and a page to chat on as a customer."""
    from pesan.app.whatsapp_fake import Business, Number
    from pesan.app.whatsapp_fake.instance import LIVELY, terms_of
    from pesan.app.whatsapp_fake.server import run

    terms = terms_of(load_settings(), webhook_url)
    terms = replace(
        terms,
        app_secret=app_secret or terms.app_secret,
        access_token=access_token or terms.access_token,
        verify_token=verify_token or terms.verify_token,
    )
    if number:
        parts = [one.partition(":") for one in number]
        try:
            terms = replace(terms, numbers=tuple(Number(key, display or key) for key, _, display in parts))
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
    business = Business(terms, LIVELY.model_copy(deep=True))
    try:
        run(business, port, on_ready=lambda url: say(f"WhatsApp for development is on [bold]{url}[/]"))
    except OSError as error:
        raise typer.BadParameter(f"port {port} cannot be had: {error.strerror}") from error
