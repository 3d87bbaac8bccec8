"""Somebody who takes part in trips of several jastipers: whose their answers are."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy import URL, select

from pesan.app.instance import Instance
from pesan.app.wiring import build_registry, running
from pesan.chats.models import ChatMessage
from pesan.db import Database
from pesan.kit.registry import Registry
from pesan.settings import Settings
from tests.jastip.test_chat_proofs import SITI, buy, upload
from tests.support.chatting import Chatter
from tests.support.factories import SYSTEM
from tests.support.trips import Journey, make_journey
from tests.support.whatsapp import FakeWhatsApp


@pytest.fixture
def settings(settings: Settings, whatsapp: FakeWhatsApp) -> Settings:
    return settings.model_copy(update=whatsapp.settings)


@pytest.fixture
async def registry(settings: Settings, database_url: URL) -> AsyncIterator[Registry]:
    """The objects of a worker, who handles what was stored."""
    registry = build_registry(Instance(settings, database_url, None), "worker")
    async with running(registry):
        yield registry


@pytest.fixture
async def journeys(make, database, settings) -> list[Journey]:
    """Trips of two jastipers."""
    return [await make_journey(make, database, settings, slug=slug) for slug in ("jpn25", "kor25")]


@pytest.fixture
async def siti(journeys, registry) -> Chatter:
    """Takes part in both, in the second since later, and ordered on the first."""
    person = Chatter(registry, f"+{SITI}")
    for slug in ("jpn25", "kor25"):
        await person.write(f"JOIN {slug} | Nama: Siti")
    await buy(journeys[0], person)
    return person


async def last(database: Database) -> tuple[UUID | None, UUID | None]:
    """Which merchant's and which trip's the last answer is."""
    query = select(ChatMessage.merchant_id, ChatMessage.event_id).order_by(ChatMessage.created_at.desc())
    async with database.read(SYSTEM) as session:
        merchant_id, event_id = (await session.execute(query.limit(1))).one()
    return merchant_id, event_id


async def test_what_is_said_of_an_order_is_of_its_trip(journeys, siti, whatsapp, database):
    answered = []
    for media in (await upload(whatsapp, b"<html>"), "1999999999999999", await upload(whatsapp)):
        await siti.show(media)
        answered.append((await siti.outcome(), await last(database)))
    await siti.write("STATUS")

    first = (journeys[0].merchant.id, journeys[0].id)
    assert answered == [("proof_refused", first), ("no_file", first), ("proof_taken", first)]
    assert await last(database) == first


async def test_what_is_said_of_orders_of_several_trips_is_of_none(journeys, siti, whatsapp, database):
    await buy(journeys[1], siti)

    (told,) = await siti.write("STATUS")
    of_status = await last(database)
    (question,) = await siti.show(await upload(whatsapp))
    of_question = await last(database)
    await siti.tap(question["sections"][0]["rows"][1]["id"])

    assert (len(told["body"].splitlines()), of_status, of_question) == (3, (None, None), (None, None))
    assert await last(database) == (journeys[0].merchant.id, journeys[0].id)
