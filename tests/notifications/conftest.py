"""Orders with somebody to tell, and what the delivering job needs."""

from collections.abc import AsyncIterator

import pytest

from pesan.db import Database
from pesan.kit.registry import Registry
from pesan.messaging.smtp import SmtpMailer, parse_smtp_url
from pesan.notifications.channels import Channels, EmailChannel
from pesan.notifications.letters import Composers
from pesan.notifications.states import Kind
from tests.notifications.composing import PlainComposer
from tests.support.mailbox import Mailbox, running_mailbox

SENDER = "Pesan <no-reply@pesan.example>"


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    """A real SMTP server."""
    async with running_mailbox() as box:
        yield box


@pytest.fixture
def deps(database: Database, mailbox: Mailbox) -> Registry:
    """A worker's objects, with mail going to `mailbox`."""
    registry = Registry()
    registry.add(Database, database)
    mailer = SmtpMailer(parse_smtp_url(mailbox.url), timeout=5)
    registry.add(Channels, Channels([EmailChannel(mailer, SENDER)]))
    registry.add(Composers, Composers(dict.fromkeys(Kind, PlainComposer(database))))
    return registry
