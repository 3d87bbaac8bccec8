"""A sender of the test's own, on the shipped WhatsApp."""

from collections.abc import AsyncIterator

import pytest

from pesan.chats.sending import Sender
from pesan.db import Database
from pesan.messaging.whatsapp.client import WhatsAppClient
from pesan.settings import Settings
from tests.support.chats import Chats
from tests.support.whatsapp import FakeWhatsApp


@pytest.fixture
async def chats(database: Database, settings: Settings, whatsapp: FakeWhatsApp) -> AsyncIterator[Chats]:
    """Says things, sends them and looks at what became of them."""
    client = WhatsAppClient.of(settings.model_copy(update=whatsapp.settings))
    sender = Sender(database, client)
    yield Chats(database, whatsapp, sender)
    await sender.aclose()
