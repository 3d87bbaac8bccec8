"""The whole round: said, handed over, told of by signed webhooks, and known to have been read."""

import asyncio

import pytest
from fastapi import FastAPI

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

    async with asyncio.timeout(45):
        while {(await chats.state(one))[0] for one in said} != {"read"}:
            await apply_updates(deps)
            await asyncio.sleep(0.05)

    for found in [await chats.find(one) for one in said]:
        moments = (found.accepted_at, found.sent_at, found.delivered_at, found.read_at)
        assert (None in moments, found.failed_at, found.error_code) == (False, None, None)
