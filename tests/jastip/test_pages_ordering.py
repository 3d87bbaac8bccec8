"""A product's page and its order sheet: several products in one order, for whoever takes part."""

from uuid import uuid4

import pytest
from sqlalchemy import func, select

from pesan.jastip.models import TripOrder
from pesan.jastip.states import JoinState
from pesan.orders.models import Order, OrderLine
from tests.jastip.visiting import post, token_of, visiting
from tests.support.factories import SYSTEM
from tests.support.trips import make_journey, make_participant, make_product


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"wa_number": "+6281234500000"})


@pytest.fixture
async def journey(make, database, settings):
    return await make_journey(make, database, settings)


def typed(product, **more):
    return {"product": product.slug, "terms": "1.1.1", "idempotency_key": str(uuid4()), **more}


async def count_orders(database) -> int:
    async with database.read(SYSTEM) as session:
        return await session.scalar(select(func.count()).select_from(Order))


async def test_stranger_is_led_to_join_first_and_cannot_order(app, database, journey):
    product = await make_product(journey)
    path = f"/order?product={product.slug}"
    async with visiting(app) as guest:
        page = (await guest.get(path)).text
        token = await guest.token(f"/join?trip={journey.trip.slug}")
        form = typed(product, **{f"qty_{product.slug}": "1"})
        answer = await guest.client.post("/order", data={**form, "csrf_token": token})

    assert f'Kirim pesan <b class="code nowrap" translate="no">JOIN {journey.trip.slug}</b> lewat' in page
    assert ("Ikut trip ini dulu" in page, f"/join?trip={journey.trip.slug}#join" in page) == (True, True)
    assert (answer.status_code, await count_orders(database)) == (422, 0)


async def test_several_products_become_one_order_once(app, registry, database, journey):
    kitkat, banana, other = [await make_product(journey) for _ in range(3)]
    person = await make_participant(journey)
    form = typed(
        banana,
        notes="Rasa teh hijau",
        email="siti@contoh.id",
        **{f"qty_{kitkat.slug}": "2", f"qty_{banana.slug}": "1", f"qty_{other.slug}": "0"},
    )
    async with visiting(app) as guest:
        path = f"/o/{banana.slug}?p={token_of(registry, person)}"
        page = (await guest.get(path)).headers["location"]
        answers = [await post(guest, page, "/order", **form) for _ in range(2)]
        pay = await guest.get(answers[0].headers["location"])

    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert answers[0].headers["location"].startswith("/pay/")
    assert pay.status_code == 200
    async with database.read(SYSTEM) as session:
        order = (await session.scalars(select(Order))).one()
        lines = (await session.execute(select(OrderLine.ticket_type_id, OrderLine.quantity))).all()
        owner = (await session.scalars(select(TripOrder.participant_id))).one()
    assert (order.total_amount, order.buyer_name, order.wa, order.notes, order.email, owner) == (
        300_000,
        person.name,
        person.wa,
        "Rasa teh hijau",
        "siti@contoh.id",
        person.id,
    )
    assert sorted(map(tuple, lines)) == sorted([(kitkat.id, 2), (banana.id, 1)])


@pytest.mark.parametrize(
    ("quantity", "terms", "status"),
    [("0", "1.1.1", 422), ("-1", "1.1.1", 422), ("1", "", 422), ("4", "1.1.1", 409)],
)
async def test_what_is_refused_keeps_what_was_typed_and_orders_nothing(
    app, registry, database, journey, quantity, terms, status
):
    product = await make_product(journey)
    person = await make_participant(journey)
    async with visiting(app) as guest:
        await guest.get(f"/o/{product.slug}?p={token_of(registry, person)}")
        form = typed(product, notes="Warna merah", **{f"qty_{product.slug}": quantity}) | {"terms": terms}
        answer = await post(guest, f"/order?product={product.slug}", "/order", **form)

    assert (answer.status_code, "Warna merah" in answer.text) == (status, True)
    assert await count_orders(database) == 0


async def test_token_of_another_trip_orders_nothing_here(app, registry, database, make, settings, journey):
    product = await make_product(journey)
    elsewhere = await make_journey(make, database, settings)
    stranger = await make_participant(elsewhere)
    pending = await make_participant(journey, state=JoinState.PENDING)
    for person in (stranger, pending):
        async with visiting(app) as guest:
            await guest.get(f"/o/{product.slug}?p={token_of(registry, person)}")
            page = (await guest.get(f"/order?product={product.slug}")).text
        assert ("Ikut trip ini dulu" in page, "csrf_token" in page) == (True, False)
