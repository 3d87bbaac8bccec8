"""Braces and percent signs that people typed are said as they are: in broadcasts, announcements and answers."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import URL, select

from pesan.app.instance import Instance
from pesan.app.wiring import build_registry
from pesan.chats.models import ChatMessage
from pesan.db import Database
from pesan.jastip.announcing import announce
from pesan.jastip.links import Links
from pesan.jastip.service.broadcasts import hand_on, plan_broadcast
from pesan.jastip.states import Audience
from pesan.kit.registry import Registry
from pesan.settings import Settings
from tests.support.chatting import Chatter
from tests.support.factories import SYSTEM
from tests.support.trips import make_journey, make_participant, make_product

TYPED = "{{x.__init__}} {event.__class__} {buyer_name} {0} %s"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"wa_phone_id": "106540352242922", "base_url": "https://tiket.example"})


@pytest.fixture
async def registry(settings: Settings, database_url: URL) -> AsyncIterator[Registry]:
    registry = build_registry(Instance(settings, database_url, None), "worker")
    yield registry
    await registry[Database].dispose()


@pytest.fixture
async def journey(make, database, settings):
    merchant = await make.merchant(name=TYPED)
    return await make_journey(
        make, database, settings, merchant, slug="jpn25", title=TYPED, description=TYPED
    )


async def said(database: Database) -> tuple[dict[str, Any], dict[str, Any]]:
    """The only message: its words, and its template."""
    async with database.read(SYSTEM) as session:
        message = (await session.scalars(select(ChatMessage))).one()
    return message.body or {}, message.template or {}


async def test_a_broadcast_says_what_was_typed(journey, database, registry):
    await make_participant(journey, name=TYPED)
    async with database.write(journey.staff) as session:
        planned = await plan_broadcast(
            session, journey.id, words=TYPED, audience=Audience.ALL, starts_at=None, actor=journey.staff
        )
    async with database.write(SYSTEM) as session:
        await hand_on(session, planned.id, links=registry[Links], actor=SYSTEM)

    body, template = await said(database)
    assert body["body"] == TYPED
    assert TYPED in template["body"]


async def test_an_announcement_says_what_was_typed(journey, database, registry):
    await make_participant(journey, name=TYPED)
    product = await make_product(journey, title=TYPED)
    async with database.write(SYSTEM) as session:
        await announce(
            session, product.id, after=None, links=registry[Links], base_url=registry[Settings].base_url
        )

    body, template = await said(database)
    assert TYPED in body["body"]
    assert template["body"].count(TYPED) >= 2


async def test_answers_say_what_was_typed(journey, registry):
    product = await make_product(journey, title=TYPED)
    person = Chatter(registry, profile_name=TYPED)

    answers = [
        await person.write("JOIN jpn25 | Nama: Siti"),
        await person.write("INFO jpn25"),
        await person.tap(f"p:{product.id}"),
        await person.tap(f"q:{product.id}:1"),
        await person.tap(f"o:{product.id}:1:1.1.1"),
        await person.write("status"),
        await person.write("STOP jpn25"),
    ]

    assert ["{event.__class__}" in str(answer) for answer in answers] == [True] * len(answers)
