"""Handing a ticket on to somebody who can be told that they have it."""

from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator

from pesan.checkout.errors import RecipientOutOfReach
from pesan.checkout.schemas import Email, Face, PersonName, WhatsApp, blank_is_none
from pesan.db import Actor, WriteSession
from pesan.notifications.channels import Channels
from pesan.notifications.states import ChannelName
from pesan.tickets import handing_on
from pesan.tickets.handing_on import Recipient
from pesan.tickets.models import Ticket


class RecipientFields(Face):
    """Who gets the ticket: the letter with it goes to the e-mail address."""

    name: PersonName
    email: Email
    wa: Annotated[WhatsApp | None, BeforeValidator(blank_is_none)] = None


async def hand_on(
    session: WriteSession,
    channels: Channels,
    *,
    ticket_id: UUID,
    version: int,
    recipient: RecipientFields,
    actor: Actor,
) -> Ticket:
    """See `tickets.handing_on`. Raises RecipientOutOfReach, too: no buyer sees the code that they would pass on."""
    contacts = {ChannelName.EMAIL: recipient.email, ChannelName.WHATSAPP: recipient.wa}
    if not channels.reaching(contacts):
        raise RecipientOutOfReach
    whose = Recipient(recipient.name, recipient.email, recipient.wa)
    return await handing_on.hand_on(
        session, ticket_id=ticket_id, version=version, recipient=whose, actor=actor
    )
