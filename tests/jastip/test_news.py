"""What a trip tells by itself: a new product to whoever takes part, a proof of payment to the jastiper."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from pesan.chats.catalogue import BALANCE_NOTICE, CATALOGUE, PRODUCT_ANNOUNCEMENT, PROOF_NOTICE
from pesan.chats.models import ChatContact, ChatMessage
from pesan.chats.prices import Audience
from pesan.db import Actor, Database
from pesan.jastip import announcing
from pesan.jastip.links import Links
from pesan.jastip.models import Product
from pesan.jastip.queries.audience import count_audience
from pesan.jastip.service.orders import confirm_order
from pesan.jastip.service.participants import unsubscribe
from pesan.jastip.service.products import amend_product
from pesan.jastip.service.trips import amend_trip
from pesan.jastip.states import JoinState, ProductStatus
from pesan.jastip.tasks import announce_product, tell_of_proof
from pesan.jastip.tokens import ParticipantTokens
from pesan.kit.ids import new_id
from pesan.kit.registry import Registry
from pesan.messaging.whatsapp.shapes import Link, Picture, shape_from_json
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent
from pesan.settings import Settings
from pesan.tenancy.models import Merchant
from tests.support.factories import SYSTEM
from tests.support.trips import make_journey, make_participant, make_product, order, shown

pytestmark = pytest.mark.every_postgres


@pytest.fixture
async def journey(make, database, settings):
    return await make_journey(make, database, settings)


@pytest.fixture
def deps(database, settings):
    registry = Registry()
    registry.add(Database, database)
    registry.add(Settings, settings)
    registry.add(Links, Links(settings.base_url, ParticipantTokens(settings.secret)))
    return registry


async def said(database):
    async with database.read(SYSTEM) as session:
        found = await session.scalars(select(ChatMessage).order_by(ChatMessage.to_wa))
        return found.all()


async def queued(database, task):
    """The arguments of the jobs of a task, in the order in which they were written."""
    query = text("SELECT args FROM procrastinate_jobs WHERE task_name = :task ORDER BY id")
    async with database.read(SYSTEM) as session:
        return (await session.scalars(query, {"task": task})).all()


async def test_a_new_product_is_told_once_to_whoever_takes_part_and_wants_to_hear(
    journey, database, deps, settings, monkeypatch
):
    monkeypatch.setattr(announcing, "CHUNK", 2)
    people = [await make_participant(journey) for _ in range(3)]
    await make_participant(journey, state=JoinState.PENDING)
    left = await make_participant(journey)
    async with database.write(SYSTEM) as session:
        await unsubscribe(session, left.id, actor=shown(left))
    product = await make_product(journey, price_amount=185_000)
    assert await queued(database, "jastip.announce_product") == [{"product_id": str(product.id)}]

    # A worker that died in the middle begins again, and goes on from where the job says.
    await announce_product(deps, product.id)
    await announce_product(deps, product.id)
    (*_, last) = await queued(database, "jastip.announce_product")
    await announce_product(deps, product.id, last["after"])

    messages = await said(database)
    assert [message.to_wa for message in messages] == sorted(person.wa for person in people)
    one = messages[0]
    assert (one.line, one.category, one.event_id) == ("notifications", "marketing", journey.id)
    body, template = shape_from_json(one.body), shape_from_json(one.template)
    assert isinstance(body, Link)
    assert body.url.startswith(f"{settings.base_url.rstrip('/')}/o/{product.slug}?p=")
    assert "Rp\u00a0185.000" in body.body
    assert template.name == CATALOGUE[PRODUCT_ANNOUNCEMENT].name
    assert template.button.startswith(f"o/{product.slug}?p=")


async def test_a_picture_that_whatsapp_can_show_carries_price_and_link(journey, database, deps, settings):
    await make_participant(journey)
    product = await make_product(journey, image_key="products/jp/0f.webp")

    await announce_product(deps, product.id)

    (message,) = await said(database)
    body = shape_from_json(message.body)
    assert isinstance(body, Picture)
    assert body.link == f"{settings.base_url.rstrip('/')}/media/products/jp/0f-share.jpg"
    assert f"/o/{product.slug}?p=" in body.caption
    assert "Rp\u00a0100.000" in body.caption


async def test_a_trip_that_keeps_quiet_or_is_closed_by_then_tells_nothing(journey, database, deps):
    await make_participant(journey)
    early = await make_product(journey)
    async with database.write(SYSTEM) as session:
        await amend_trip(session, journey.id, said={"announces_products": False}, actor=SYSTEM)
    late = await make_product(journey)

    await announce_product(deps, early.id)
    await announce_product(deps, new_id())

    assert [job["product_id"] for job in await queued(database, "jastip.announce_product")] == [str(early.id)]
    assert isinstance(late, Product)
    assert await said(database) == []


async def test_the_jastiper_is_told_of_a_proof_once_at_their_own_number(journey, database, deps, make):
    async with database.write(SYSTEM) as session:
        (await session.get_one(Merchant, journey.merchant.id)).contact_wa = "+628110000001"
    product, person = await make_product(journey), await make_participant(journey)
    placed = await order(journey, person, (product, 2))
    await make.move(Move(OrderEvent.SUBMIT_PROOF, journey.id, SYSTEM, placed.id))
    assert await queued(database, "jastip.tell_of_proof") == [{"order_id": str(placed.id)}]

    for _ in range(2):
        await tell_of_proof(deps, placed.id)

    (message,) = await said(database)
    assert (message.to_wa, message.line, message.category) == ("+628110000001", "proof_notify", "utility")
    template = shape_from_json(message.template)
    assert template.name == CATALOGUE[PROOF_NOTICE].name
    assert placed.code in template.body
    assert template.button == f"organizer/{journey.merchant.slug}/review/{placed.code}"


async def test_the_jastiper_is_told_of_each_proof_of_the_rest(make, database, settings, deps):
    journey = await make_journey(make, database, settings, deposit_percent=30)
    async with database.write(SYSTEM) as session:
        (await session.get_one(Merchant, journey.merchant.id)).contact_wa = "+628110000001"
    placed = await order(journey, await make_participant(journey), (await make_product(journey), 2))
    await confirm_order(journey.counter, placed, actor=journey.staff)
    for _ in range(2):
        await make.move(Move(OrderEvent.SUBMIT_BALANCE_PROOF, journey.id, SYSTEM, placed.id))
        for _ in range(2):
            await tell_of_proof(deps, placed.id)
        refused = Move(OrderEvent.REFUSE_BALANCE_PROOF, journey.id, SYSTEM, placed.id, reason="Buram")
        await make.move(refused)
        await tell_of_proof(deps, placed.id)

    messages = await said(database)
    template = shape_from_json(messages[0].template)
    assert await queued(database, "jastip.tell_of_proof") == [{"order_id": str(placed.id)}] * 2
    assert [message.line for message in messages] == ["proof_notify"] * 2
    assert template.name == CATALOGUE[BALANCE_NOTICE].name
    assert "Rp 140.000" in template.body


async def test_nobody_is_told_of_the_proof_of_an_order_that_was_decided(journey, database, deps, make):
    async with database.write(SYSTEM) as session:
        (await session.get_one(Merchant, journey.merchant.id)).contact_wa = "+628110000001"
    product, person = await make_product(journey), await make_participant(journey)
    placed = await order(journey, person, (product, 1))
    await make.move(Move(OrderEvent.SUBMIT_PROOF, journey.id, SYSTEM, placed.id))
    await make.move(Move(OrderEvent.APPROVE, journey.id, SYSTEM, placed.id))

    await tell_of_proof(deps, placed.id)
    await tell_of_proof(deps, UUID(int=1))

    assert await said(database) == []
    assert isinstance(placed, Order)


async def test_an_audience_is_whoever_joined_and_has_not_stopped_by_their_windows(journey, database):
    now = datetime.now(UTC)
    opened, closed, stopped, no_news, left = [await make_participant(journey) for _ in range(5)]
    await make_participant(journey, state=JoinState.PENDING)
    async with database.write(SYSTEM) as session:
        await unsubscribe(session, left.id, actor=shown(left))
        for person, known in (
            (opened, {"window_until": now + timedelta(hours=1)}),
            (closed, {"window_until": now - timedelta(hours=1)}),
            (stopped, {"stopped_at": now}),
            (no_news, {"marketing_stopped_at": now}),
        ):
            session.add(ChatContact(id=new_id(), wa=person.wa, **known))
    async with database.read(journey.staff) as session:
        told = await count_audience(session, journey.id, is_marketing=True)
        informed = await count_audience(session, journey.id, is_marketing=False)
    async with database.read(Actor.guest()) as session:
        by_others = await count_audience(session, journey.id, is_marketing=False)

    assert (told, informed, by_others) == (Audience(1, 1, 2), Audience(1, 2, 1), Audience(0, 0))


async def test_a_product_that_is_taken_off_is_told_of_to_nobody(journey, database, deps):
    await make_participant(journey)
    product = await make_product(journey)
    async with database.write(SYSTEM) as session:
        await amend_product(session, product.id, said={"status": ProductStatus.DISCONTINUED}, actor=SYSTEM)

    await announce_product(deps, product.id)

    assert await said(database) == []
