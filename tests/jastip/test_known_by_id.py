"""Somebody whom WhatsApp names by an id and no number: what becomes of their order is told to that id."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import URL, select, text

from pesan.app.instance import Instance
from pesan.app.wiring import build_registry
from pesan.chats.models import ChatMessage
from pesan.checkout.resending import resend_letter
from pesan.checkout.tasks import tell_buyer
from pesan.db import Database
from pesan.jastip.service.orders import confirm_order, reject_order
from pesan.jastip.tasks import fulfil_order
from pesan.kit.registry import Registry
from pesan.notifications.channels import Channels
from pesan.notifications.tasks import deliver
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.queries import get_order
from pesan.orders.states import OrderEvent
from pesan.settings import Settings
from tests.support.factories import SYSTEM
from tests.support.trips import Journey, make_journey, make_participant, make_product, order
from tests.support.whatsapp import FakeWhatsApp

USER_ID = "ID.7f3a9c"


@pytest.fixture
def settings(settings: Settings, whatsapp: FakeWhatsApp) -> Settings:
    return settings.model_copy(update=whatsapp.settings)


@pytest.fixture
async def deps(settings: Settings, database_url: URL) -> AsyncIterator[Registry]:
    """The objects of a worker."""
    deps = build_registry(Instance(settings, database_url, None), "worker")
    yield deps
    await deps[Database].dispose()


@pytest.fixture
async def journey(make, database, settings) -> Journey:
    return await make_journey(make, database, settings)


@pytest.fixture
async def placed(journey) -> Order:
    """Ordered by whoever is known by an id alone."""
    person = await make_participant(journey, wa=None, wa_user_id=USER_ID)
    return await order(journey, person, (await make_product(journey), 1))


async def queued(database: Database, task: str) -> int:
    query = text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = :task")
    async with database.read(SYSTEM) as session:
        return int(await session.scalar(query, {"task": task}) or 0)


async def delivered(deps: Registry, database: Database) -> list[tuple[str | None, str | None, str]]:
    """Every delivery made: to which number or id, and what it is about."""
    async with database.read(SYSTEM) as session:
        deliveries = list(await session.scalars(text("SELECT id FROM deliveries WHERE state = 'queued'")))
    for delivery_id in deliveries:
        await deliver(deps, delivery_id)
    async with database.read(SYSTEM) as session:
        said = await session.scalars(select(ChatMessage).order_by(ChatMessage.created_at))
        return [(one.to_wa, one.to_user_id, (one.template or {})["name"]) for one in said]


async def test_their_order_is_confirmed_to_their_id(journey, placed, database, deps):
    await confirm_order(journey.counter, placed, actor=journey.staff)
    await fulfil_order(deps, placed.id)

    assert (placed.wa, placed.email) == (None, None)
    assert await delivered(deps, database) == [(None, USER_ID, "pesan_order_confirmed_v1")]


async def test_what_the_gate_tells_of_an_order_is_told_to_them(journey, placed, database, deps, make):
    await make.move(Move(OrderEvent.SUBMIT_PROOF, journey.id, SYSTEM, placed.id))
    async with database.read(SYSTEM) as session:
        proved = await get_order(session, placed.id)
    await reject_order(journey.counter, proved, actor=journey.staff, reason="Buram")
    jobs = await queued(database, "checkout.tell_buyer")
    await tell_buyer(deps, placed.id, "reject")

    assert jobs == 2  # that the proof came, and that it was refused
    assert [said[1] for said in await delivered(deps, database)] == [USER_ID]


async def test_their_letter_is_sent_again_when_staff_ask(journey, placed, database, deps, make):
    await make.move(Move(OrderEvent.SUBMIT_PROOF, journey.id, SYSTEM, placed.id))
    async with database.write(journey.staff) as session:
        await resend_letter(session, deps[Channels], order_id=placed.id, actor=journey.staff)

    assert await queued(database, "checkout.resend_letter") == 1


async def test_whoever_gave_a_number_is_told_by_that(journey, database, deps):
    person = await make_participant(journey, wa="+6281234567890", wa_user_id=USER_ID)
    placed = await order(journey, person, (await make_product(journey), 1))
    await confirm_order(journey.counter, placed, actor=journey.staff)
    await fulfil_order(deps, placed.id)

    assert await delivered(deps, database) == [("+6281234567890", None, "pesan_order_confirmed_v1")]


async def test_an_instance_without_whatsapp_writes_nothing_down(
    journey, placed, database, settings, database_url
):
    nowhere = settings.model_copy(update={"wa_phone_id": ""})
    deps = build_registry(Instance(nowhere, database_url, None), "worker")
    await confirm_order(journey.counter, placed, actor=journey.staff)
    await fulfil_order(deps, placed.id)
    await deps[Database].dispose()

    assert await delivered(deps, database) == []
