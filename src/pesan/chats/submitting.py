"""Handing the templates of the house in to WhatsApp, which approves them before anybody can be sent one."""

from pesan.chats.templates_store import list_missing
from pesan.messaging.whatsapp.client import WhatsAppClient
from pesan.messaging.whatsapp.templates import TemplateState


async def ask_standings(client: WhatsAppClient, base_url: str, *, submit: bool) -> list[TemplateState]:
    """How WhatsApp stands to our templates; with `submit`, after those that it lacks are handed in.

    Raises SendFailed.
    """
    states = await client.list_templates()
    missing = list_missing(states, base_url)
    for new in missing if submit else ():
        states.append(await client.create_template(new))
    return states
