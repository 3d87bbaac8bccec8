"""One delivery in a process of its own, so that a test can kill it: `deliver_once.py DATABASE_URL SMTP_URL ID`."""

import asyncio
import sys
from uuid import UUID

from pesan.db import Database
from pesan.kit.registry import Registry
from pesan.messaging.smtp import SmtpMailer, parse_smtp_url
from pesan.notifications.channels import Channels, EmailChannel
from pesan.notifications.letters import Composers
from pesan.notifications.states import Kind
from pesan.notifications.tasks import deliver
from tests.notifications.composing import PlainComposer


async def main(database_url: str, smtp_url: str, delivery_id: str) -> None:
    """Deliver as a worker does."""
    registry = Registry()
    database = registry.add(Database, Database(database_url))
    channel = EmailChannel(SmtpMailer(parse_smtp_url(smtp_url)), "Pesan <no-reply@pesan.example>")
    registry.add(Channels, Channels([channel]))
    registry.add(Composers, Composers(dict.fromkeys(Kind, PlainComposer(database))))
    await deliver(registry, UUID(delivery_id))


asyncio.run(main(*sys.argv[1:]))
