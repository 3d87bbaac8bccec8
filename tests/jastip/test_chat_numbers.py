"""Numbers in the chat: one that got another owner, and somebody who first wrote without one."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import URL, select, text

from pesan.app.instance import Instance
from pesan.app.wiring import build_registry, running
from pesan.chats.intake import ChatIntake
from pesan.db import Database
from pesan.jastip.models import Participant
from pesan.jastip.states import JoinState
from pesan.kit.registry import Registry
from pesan.orders.models import Order
from pesan.settings import Settings
from tests.jastip.test_chat_proofs import SITI, upload
from tests.support.chatting import Chatter
from tests.support.factories import SYSTEM
from tests.support.trips import Journey, make_journey, make_participant, make_product, order
from tests.support.whatsapp import FakeWhatsApp

NUMBER = f"+{SITI}"


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
async def journey(make, database, settings) -> Journey:
    return await make_journey(make, database, settings, slug="jpn25")


@pytest.fixture
def siti(registry: Registry) -> Chatter:
    """Has the number now."""
    return Chatter(registry, NUMBER, user_id="ID.2")


async def people(database: Database) -> list[tuple[str, str | None, str | None, str]]:
    """Who takes part, as they came: name, number, id and state."""
    async with database.read(SYSTEM) as session:
        found = await session.scalars(select(Participant).order_by(Participant.created_at))
        return [(person.name, person.wa, person.wa_user_id, person.state) for person in found]


async def states(database: Database) -> list[str]:
    async with database.read(SYSTEM) as session:
        return list(await session.scalars(select(Order.state).order_by(Order.placed_at)))


async def test_a_number_with_another_owner_shows_nothing_of_the_former_one(journey, siti, whatsapp, database):
    former = await make_participant(journey, wa=NUMBER, wa_user_id="ID.1", name="Ani")
    await order(journey, former, (await make_product(journey), 1))

    asked = await siti.write("STATUS")
    shown = await siti.show(await upload(whatsapp))

    assert (asked, shown, await states(database)) == ([], [], ["HOLD"])


async def test_a_number_with_another_owner_joins_as_somebody_new(journey, siti, database):
    await make_participant(journey, wa=NUMBER, wa_user_id="ID.1", name="Ani")

    await siti.write("JOIN jpn25 | Nama: Siti")

    assert (await siti.outcome(), await people(database)) == (
        "joined",
        [("Ani", None, "ID.1", "joined"), ("Siti", NUMBER, "ID.2", "joined")],
    )
    assert [each["body"] for each in await siti.write("STATUS")] == ["Kamu belum punya pesanan."]


async def hide(person: Chatter) -> None:
    """Join as somebody whose number WhatsApp does not tell."""
    await person.write("JOIN jpn25 | Nama: Siti", wa=None)


async def test_a_number_that_comes_later_is_noted(journey, siti, database):
    await hide(siti)

    await siti.write("JOIN jpn25 | Nama: Siti")

    assert (await siti.outcome(), await people(database)) == (
        "known",
        [("Siti", NUMBER, "ID.2", "joined")],
    )


async def test_whoever_joined_on_a_page_too_is_sure_to_be_the_one_with_that_number(journey, siti, database):
    await hide(siti)
    await make_participant(journey, wa=NUMBER, name="Orang Lain", state=JoinState.PENDING)

    await siti.write("JOIN jpn25 | Nama: Siti")

    assert (await siti.outcome(), await people(database)) == (
        "confirmed",
        [("Siti", None, "ID.2", "joined"), ("Siti", NUMBER, None, "joined")],
    )


async def test_whoever_joined_on_a_page_too_orders_as_the_one_who_takes_part(journey, siti, database):
    await hide(siti)
    await make_participant(journey, wa=NUMBER, name="Orang Lain", state=JoinState.PENDING)
    product = await make_product(journey)

    await siti.tap(f"o:{product.id}:1:1.1.1")

    assert (await siti.outcome(), await states(database)) == ("ordered", ["HOLD"])


async def test_a_picture_without_a_number_is_chosen_for_with_one(journey, siti, whatsapp, database):
    await siti.write("JOIN jpn25 | Nama: Siti")
    for _ in range(2):
        await siti.tap(f"o:{(await make_product(journey)).id}:1:1.1.1")
    (question,) = await siti.show(await upload(whatsapp), wa=None)

    await siti.tap(question["sections"][0]["rows"][0]["id"])

    assert await states(database) == ["HOLD", "REVIEW"]


async def test_what_one_person_writes_waits_for_each_other_by_their_id(database):
    base = {"timestamp": "1767225600", "type": "text", "text": {"body": "JOIN jpn25"}}
    named = {"from_user_id": "ID.2", **base}
    messages = [{"id": "wamid.1", **named}, {"id": "wamid.2", "from": SITI, **named}]
    value = {"metadata": {"phone_number_id": "1"}, "messages": messages}
    body = json.dumps({"entry": [{"changes": [{"field": "messages", "value": value}]}]}).encode()
    mark = hmac.new(b"rahasia", body, hashlib.sha256).hexdigest()

    await ChatIntake(database, "rahasia").take(body, f"sha256={mark}")

    async with database.read(SYSTEM) as session:
        locks = list(await session.scalars(text("SELECT lock FROM procrastinate_jobs")))
    assert (len(locks), len(set(locks))) == (2, 1)
