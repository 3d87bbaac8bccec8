"""Orders of a trip: who may place them, what they hold, and how they end."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from pesan.capacity.errors import HoldPoolFull, SoldOut
from pesan.capacity.models import CapacityPool
from pesan.catalog.models import TicketType
from pesan.db import Actor
from pesan.jastip.errors import JoinPending, ParticipantNotFound, ProductNotFound, TripClosed
from pesan.jastip.models import TripOrder
from pesan.jastip.queries.trips import get_product
from pesan.jastip.service.orders import confirm_order, reject_order, ship_order
from pesan.jastip.service.products import amend_product
from pesan.jastip.service.trips import amend_trip
from pesan.jastip.states import STATUSES, JoinState, OrderStatus, ProductStatus
from pesan.orders.errors import WrongState
from pesan.orders.states import OrderState
from tests.support.factories import SYSTEM
from tests.support.trips import make_journey, make_participant, make_product, order, shown

pytestmark = pytest.mark.every_postgres


@pytest.fixture
async def journey(make, database, settings):
    return await make_journey(make, database, settings)


async def pieces(database, product):
    """How many are held and sold."""
    async with database.read(SYSTEM) as session:
        kind = await session.get_one(TicketType, product.id)
        pool = await session.get_one(CapacityPool, kind.pool_id)
        return pool.held, pool.used


async def stand(database, placed):
    """Where an order is now."""
    async with database.read(SYSTEM) as session:
        return await session.get_one(type(placed), placed.id)


async def test_several_products_are_one_order_for_a_day(journey, database):
    sweets, tea = await make_product(journey), await make_product(journey, price_amount=45_000)
    person = await make_participant(journey)

    placed = await order(journey, person, (sweets, 2), (tea, 1), notes="Rasa stroberi")

    assert (placed.total_amount, placed.quantity, placed.fulfilment) == (245_000, 3, "jastip")
    assert (placed.buyer_name, placed.wa, placed.notes) == (person.name, person.wa, "Rasa stroberi")
    assert placed.hold_expires_at - placed.placed_at == timedelta(hours=24)
    assert await pieces(database, sweets) == (2, 0)
    async with database.read(journey.staff) as session:
        assert (await session.get_one(TripOrder, placed.id)).participant_id == person.id


async def test_an_order_is_confirmed_and_sent_once(journey, database):
    product, person = await make_product(journey), await make_participant(journey)
    placed = await order(journey, person, (product, 1))

    await confirm_order(journey.counter, placed, actor=journey.staff)
    paid = await stand(database, placed)
    await ship_order(journey.counter, paid, actor=journey.staff, courier="JNE", tracking_no="CGK123")
    with pytest.raises(WrongState):
        await ship_order(journey.counter, paid, actor=journey.staff, courier="TIKI", tracking_no=None)

    assert STATUSES[OrderState(paid.state)] is OrderStatus.CONFIRMED
    assert STATUSES[OrderState((await stand(database, placed)).state)] is OrderStatus.SHIPPED
    async with database.read(journey.staff) as session:
        parcel = await session.get_one(TripOrder, placed.id)
    assert (parcel.courier, parcel.tracking_no) == ("JNE", "CGK123")
    assert await pieces(database, product) == (0, 1)


async def test_a_rejected_order_gives_its_pieces_back(journey, database):
    product, person = await make_product(journey), await make_participant(journey)
    placed = await order(journey, person, (product, 3))

    await reject_order(journey.counter, placed, actor=journey.staff, reason="Toko tutup")

    ended = await stand(database, placed)
    assert STATUSES[OrderState(ended.state)] is OrderStatus.REJECTED
    assert await pieces(database, product) == (0, 0)


async def test_somebody_else_cannot_order_for_a_participant(journey, database):
    product, person = await make_product(journey), await make_participant(journey)

    with pytest.raises(ParticipantNotFound):
        await order(journey, person, (product, 1), actor=Actor.guest())

    assert await pieces(database, product) == (0, 0)


async def test_whoever_only_joined_on_a_page_orders_nothing(journey, database):
    product = await make_product(journey)
    person = await make_participant(journey, state=JoinState.PENDING)

    with pytest.raises(JoinPending):
        await order(journey, person, (product, 1))

    assert await pieces(database, product) == (0, 0)


@pytest.mark.parametrize(
    "said",
    [{"is_active": False}, {"deadline": datetime.now(UTC) - timedelta(minutes=1)}],
    ids=["inactive", "late"],
)
async def test_a_closed_trip_takes_no_order(journey, database, said):
    product, person = await make_product(journey), await make_participant(journey)
    async with database.write(SYSTEM) as session:
        await amend_trip(session, journey.id, said=said, actor=SYSTEM)

    with pytest.raises(TripClosed):
        await order(journey, person, (product, 1))

    assert await pieces(database, product) == (0, 0)


@pytest.mark.parametrize(
    ("status", "refusal"),
    [(ProductStatus.SOLD_OUT, SoldOut), (ProductStatus.DISCONTINUED, ProductNotFound)],
)
async def test_a_product_that_is_off_is_not_ordered(journey, database, status, refusal):
    product, person = await make_product(journey), await make_participant(journey)
    async with database.write(SYSTEM) as session:
        await amend_product(session, product.id, said={"status": status}, actor=SYSTEM)

    with pytest.raises(refusal):
        await order(journey, person, (product, 1))

    assert await pieces(database, product) == (0, 0)


async def test_a_product_of_another_trip_is_not_ordered(journey, make, database, settings):
    other = await make_journey(make, database, settings)
    product, person = await make_product(other), await make_participant(journey)

    with pytest.raises(ProductNotFound):
        await order(journey, person, (product, 1))

    assert await pieces(database, product) == (0, 0)


async def test_twenty_people_who_want_three_pieces_get_exactly_three(journey, database):
    product = await make_product(journey, stock=3)
    people = [await make_participant(journey) for _ in range(20)]

    outcomes = await asyncio.gather(
        *(order(journey, person, (product, 1)) for person in people), return_exceptions=True
    )

    refused = [each for each in outcomes if isinstance(each, (SoldOut, HoldPoolFull))]
    assert (len(outcomes) - len(refused), await pieces(database, product)) == (3, (3, 0))
    async with database.read(shown(people[0])) as session:
        view = await get_product(session, product.id)
    assert (view.available, view.status) == (0, ProductStatus.SOLD_OUT)
