"""What an event sells: types, seats and promo codes, as organizers make them and buyers find them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pesan.capacity.errors import CapacityTooLow
from pesan.catalog.errors import InvalidPeriod, PromoNotValid, PromoTaken, SeatsTwice
from pesan.catalog.models import Event, TicketType
from pesan.catalog.offers import find_free_seats, get_promo_code, list_offers
from pesan.catalog.service import (
    TicketTypeDraft,
    archive_ticket_type,
    block_seats,
    update_ticket_type,
    withdraw_promo_code,
)
from pesan.db import Actor, Database
from pesan.orders.moves import LineWish, SeatWish, TypeWish
from tests.support.factories import SYSTEM, Make

pytestmark = pytest.mark.every_postgres
DRAFT = TicketTypeDraft(name="Reguler", price_amount=100_000, inventory=5)


async def names(database: Database, event: Event, actor: Actor | None = None, **wanted: Any) -> list[str]:
    async with database.read(actor or Actor.guest()) as session:
        return [offer.type.name for offer in await list_offers(session, event.id, **wanted)]


async def change(database: Database, offer: TicketType, **values: Any) -> None:
    async with database.write(SYSTEM) as session:
        known = await session.get_one(TicketType, offer.id)
        await update_ticket_type(session, offer=known, draft=replace(DRAFT, **values), actor=SYSTEM)


def lines(offer: TicketType, quantity: int = 1) -> tuple[LineWish, ...]:
    return (LineWish(quantity, TypeWish(offer.id, offer.pool_id)),)


async def test_types_come_in_the_organizers_order(make: Make, database: Database):
    event = await make.event()
    for name, position in (("VIP", 2), ("Presale", 1), ("Reguler", 3)):
        await make.ticket_type(event, name=name, position=position)
    assert await names(database, event) == ["Presale", "VIP", "Reguler"]


async def test_a_hidden_type_is_found_by_its_access_code_only(make: Make, web_database: Database):
    event = await make.event()
    await make.ticket_type(event, name="Keluarga", is_hidden=True, access_code="Keluarga2026")
    assert await names(web_database, event) == []
    assert await names(web_database, event, access_code="keluarga") == []
    assert await names(web_database, event, access_code=" KELUARGA2026 ") == ["Keluarga"]


async def test_an_access_code_opens_its_own_event_only(make: Make, web_database: Database):
    await make.ticket_type(await make.event(), is_hidden=True, access_code="RAHASIA")
    assert await names(web_database, await make.event(), access_code="RAHASIA") == []


async def test_types_of_a_draft_are_nobodys(make: Make, web_database: Database):
    event = await make.event(status="draft")
    await make.ticket_type(event)
    assert await names(web_database, event) == []


async def test_an_archived_type_is_sold_no_more(make: Make, database: Database):
    event = await make.event()
    offer = await make.ticket_type(event)
    async with database.write(SYSTEM) as session:
        await archive_ticket_type(session, offer=await session.get_one(TicketType, offer.id), actor=SYSTEM)
    assert await names(database, event) == []
    assert await names(database, event, with_archived=True) == ["Reguler"]


async def test_places_of_a_type_cannot_go_below_what_is_taken(make: Make, database: Database):
    event = await make.event(max_per_order=5)
    offer = await make.ticket_type(event)
    await make.order(event, lines=lines(offer, 3))
    with pytest.raises(CapacityTooLow):
        await change(database, offer, inventory=2, name="Lain")
    assert await names(database, event) == ["Reguler"]
    await change(database, offer, inventory=3, name="Habis")
    async with database.read(SYSTEM) as session:
        (left,) = await list_offers(session, event.id)
    assert (left.type.name, left.inventory, left.left) == ("Habis", 3, 0)


async def test_a_new_price_is_for_new_orders(make: Make, database: Database):
    event = await make.event()
    offer = await make.ticket_type(event)
    old = await make.order(event, lines=lines(offer))
    await change(database, offer, price_amount=125_000)
    new = await make.order(event, lines=lines(offer))
    assert (old.total_amount, new.total_amount) == (100_000, 125_000)


async def test_a_sale_must_close_after_it_opens(make: Make):
    now = datetime.now(UTC)
    with pytest.raises(InvalidPeriod):
        await make.ticket_type(await make.event(), sale_opens_at=now, sale_closes_at=now - timedelta(1))


async def test_free_seats_are_a_bit_each(make: Make, database: Database):
    event = await make.event()
    offer = await make.ticket_type(event, is_seated=True)
    seats = await make.seats(offer, 10)
    chosen = (SeatWish(seats[2].id, seats[2].pool_id),)
    await make.order(event, lines=(LineWish(1, TypeWish(offer.id, offer.pool_id), chosen),))
    async with database.write(SYSTEM) as session:
        known = await session.get_one(TicketType, offer.id)
        await block_seats(session, offer=known, seat_ids=[seats[9].id], is_blocked=True, actor=SYSTEM)
    async with database.read(Actor.guest()) as session:
        assert await find_free_seats(session, event.id) == bytes([0b11111011, 0b01])


async def test_a_seated_type_without_seats_has_nothing_left(make: Make, database: Database):
    event = await make.event()
    empty = await make.ticket_type(event, is_seated=True, inventory=5)
    await make.seats(await make.ticket_type(event, is_seated=True, inventory=5, position=1))

    async with database.read(Actor.guest()) as session:
        left = {offer.type.id == empty.id: offer.left for offer in await list_offers(session, event.id)}

    assert left == {True: 0, False: 5}


async def test_an_event_without_seats_has_an_empty_map(make: Make, database: Database):
    async with database.read(SYSTEM) as session:
        assert await find_free_seats(session, (await make.event()).id) == b""


async def test_a_seat_is_there_once(make: Make):
    offer = await make.ticket_type(await make.event(), is_seated=True)
    before = await make.seats(offer, 3)
    with pytest.raises(SeatsTwice):
        await make.seats(offer, 4)
    assert [seat.ordinal for seat in [*before, *await make.seats(offer, 1, section="B")]] == [0, 1, 2, 3]


async def test_a_promo_code_is_found_however_it_is_typed(make: Make, web_database: Database):
    event = await make.event()
    promo = await make.promo(event, code="hemat10")
    async with web_database.read(Actor.guest()) as session:
        assert (await get_promo_code(session, event.id, " Hemat10 ")).id == promo.id
        with pytest.raises(PromoNotValid):
            await get_promo_code(session, event.id, "HEMAT1")


async def test_a_promo_code_is_there_once_until_it_is_withdrawn(make: Make, database: Database):
    event = await make.event()
    promo = await make.promo(event, code="HEMAT")
    with pytest.raises(PromoTaken):
        await make.promo(event, code="hemat")
    async with database.write(SYSTEM) as session:
        known = await session.merge(promo)
        await withdraw_promo_code(session, promo=known, actor=SYSTEM)
    assert (await make.promo(event, code="HEMAT")).id != promo.id
