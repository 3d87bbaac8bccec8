"""The whole round: said, handed over, told of by signed webhooks, and known to have been read."""

import asyncio

import pytest
from fastapi import FastAPI

from pesan.chats.models import ChatMessage
from pesan.chats.tasks import apply_updates
from pesan.db import Database
from pesan.kit.registry import Registry
from pesan.settings import Settings
from tests.support.chats import SITI, Chats, message
from tests.support.whatsapp import FakeWhatsApp


@pytest.fixture
async def settings(settings: Settings, whatsapp: FakeWhatsApp) -> Settings:
    return settings.model_copy(update=whatsapp.settings)


async def test_a_message_is_known_to_have_been_read_however_its_statuses_come(
    chats: Chats, app: FastAPI
) -> None:
    chats.whatsapp.deliver_to(app)
    await chats.open(SITI)
    await chats.whatsapp.set_faults(statuses="read", reorder=True, duplicates=0.5, batch=3)
    said = await chats.say(*(message() for _ in range(5)))
    await chats.send()
    deps = Registry()
    deps.add(Database, chats.database)

    # Whoever reads it first may hear that it was sent only later.
    async with asyncio.timeout(45):
        while not all([is_told_of(await chats.find(one)) for one in said]):
            await apply_updates(deps)
            await asyncio.sleep(0.05)

    for found in [await chats.find(one) for one in said]:
        assert (found.state, found.failed_at, found.error_code) == ("read", None, None)


def is_told_of(found: ChatMessage) -> bool:
    return None not in (found.accepted_at, found.sent_at, found.delivered_at, found.read_at)
