"""What the jobs of privacy need, and somebody who proved her contact."""

from collections.abc import AsyncIterator

import pytest

from pesan.db import Database
from pesan.kit.registry import Registry
from pesan.messaging import Mailer
from pesan.messaging.smtp import SmtpMailer, parse_smtp_url
from pesan.settings import Settings
from pesan.storage import Storage
from pesan.storage.objects import open_configured
from tests.support.mailbox import Mailbox, running_mailbox


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with running_mailbox() as box:
        yield box


@pytest.fixture
def deps(database, mailbox: Mailbox, settings: Settings) -> Registry:
    own = {"base_url": "https://tiket.example", "mail_from": "Pesan <no-reply@tiket.example>"}
    registry = Registry()
    registry.add(Database, database)
    registry.add(Settings, settings.model_copy(update=own))
    registry.add(Mailer, SmtpMailer(parse_smtp_url(mailbox.url), timeout=5))
    registry.add(Storage, open_configured(settings))
    return registry
