"""Trips and products: made, changed, found by their codes, and deleted only when nothing waits for them."""

import pytest
from sqlalchemy import select

from pesan.audit.models import AuditEntry
from pesan.capacity.errors import CapacityTooLow
from pesan.errors import InvalidInput
from pesan.jastip.errors import ProductBusy, ProductSlugTaken, TripBusy, TripSlugTaken
from pesan.jastip.queries.trips import (
    find_product_by_slug,
    find_trip_by_slug,
    get_product,
    list_products,
    list_trips,
)
from pesan.jastip.service.products import amend_product, delete_product
from pesan.jastip.service.trips import TripDraft, amend_trip, delete_trip
from pesan.jastip.states import fold_slug
from tests.support.factories import SYSTEM
from tests.support.trips import make_journey, make_participant, make_product, order

pytestmark = pytest.mark.every_postgres


@pytest.fixture
async def journey(make, database, settings):
    return await make_journey(make, database, settings, slug="JPN25")


async def amend(database, journey, **said):
    async with database.write(journey.staff) as session:
        await amend_trip(session, journey.id, said=said, actor=journey.staff)


async def test_a_trip_is_found_by_its_code_in_any_case(journey, database):
    async with database.read(SYSTEM) as session:
        found = await find_trip_by_slug(session, " jPn25 ")

    assert found is not None
    assert (found.trip.slug, found.event.title, found.is_open) == ("jpn25", "Jastip Jepang", True)


@pytest.mark.parametrize("slug", ["", "ab", "sebelashuru", "jp 25", "jp/25", "jépang"])
def test_a_code_that_no_command_can_name_is_refused(slug):
    with pytest.raises(InvalidInput):
        TripDraft(title="Jepang", slug=slug).own()


def test_a_code_is_kept_in_lower_case():
    assert fold_slug(" JPN_25 ") == "jpn_25"


async def test_a_code_belongs_to_one_trip_of_all_merchants(journey, make, database, settings):
    with pytest.raises(TripSlugTaken):
        await make_journey(make, database, settings, slug="jpn25")


async def test_what_is_left_out_of_a_change_stays(journey, database):
    await amend(database, journey, description="Oleh-oleh Osaka")
    await amend(database, journey, title="Jastip Osaka")

    async with database.read(SYSTEM) as session:
        found = await find_trip_by_slug(session, "jpn25")
        told = select(AuditEntry.action).where(AuditEntry.subject_id == journey.id).order_by(AuditEntry.seq)
        entries = (await session.scalars(told)).all()
    assert found is not None
    assert (found.event.title, found.event.description) == ("Jastip Osaka", "Oleh-oleh Osaka")
    assert [action for action in entries if ":trip:" in action] == [
        "event:trip:created",
        "event:trip:changed",
        "event:trip:changed",
    ]


async def test_a_trip_with_open_orders_is_not_deleted(journey, database):
    product, person = await make_product(journey), await make_participant(journey)
    await order(journey, person, (product, 1))

    async with database.write(journey.staff) as session:
        with pytest.raises(TripBusy):
            await delete_trip(session, journey.id, actor=journey.staff)

    async with database.read(journey.staff) as session:
        assert [each.trip.event_id for each in await list_trips(session, [journey.merchant.id])] == [
            journey.id
        ]


async def test_a_deleted_trip_is_found_by_nobody(journey, database):
    async with database.write(journey.staff) as session:
        await delete_trip(session, journey.id, actor=journey.staff)

    async with database.read(journey.staff) as session:
        assert await find_trip_by_slug(session, "jpn25") is None
        assert await list_trips(session, [journey.merchant.id]) == []


async def test_a_product_changes_its_price_and_its_stock(journey, database):
    product = await make_product(journey, slug="PD12a", stock=5)
    async with database.write(journey.staff) as session:
        said = {"price_amount": 120_000, "stock": 2, "title": "Kit Kat Sakura"}
        await amend_product(session, product.id, said=said, actor=journey.staff)

    async with database.read(journey.staff) as session:
        found = await find_product_by_slug(session, "pd12A")
    assert found is not None
    assert (found.type.name, found.type.price_amount, found.stock, found.available) == (
        "Kit Kat Sakura",
        120_000,
        2,
        2,
    )


async def test_stock_does_not_fall_below_what_is_ordered(journey, database):
    product, person = await make_product(journey, stock=3), await make_participant(journey)
    await order(journey, person, (product, 2))

    async with database.write(journey.staff) as session:
        with pytest.raises(CapacityTooLow):
            await amend_product(session, product.id, said={"stock": 1}, actor=journey.staff)

    async with database.read(journey.staff) as session:
        assert (await get_product(session, product.id)).stock == 3


async def test_a_product_code_belongs_to_one_product_of_all_trips(journey, make, database, settings):
    await make_product(journey, slug="pd12a")
    other = await make_journey(make, database, settings)

    with pytest.raises(ProductSlugTaken):
        await make_product(other, slug="PD12A")


async def test_a_product_is_taken_off_when_nobody_waits_for_it(journey, database):
    kept, gone, person = (
        await make_product(journey),
        await make_product(journey),
        await make_participant(journey),
    )
    await order(journey, person, (kept, 1))

    async with database.write(journey.staff) as session:
        with pytest.raises(ProductBusy):
            await delete_product(session, kept.id, actor=journey.staff)
    async with database.write(journey.staff) as session:
        await delete_product(session, gone.id, actor=journey.staff)

    async with database.read(journey.staff) as session:
        assert [each.product.id for each in await list_products(session, [journey.id])] == [kept.id]
