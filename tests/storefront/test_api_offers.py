"""Ticket types, seats and the map of free seats, as anybody reads them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pesan.catalog.models import TicketType
from pesan.catalog.service import SeatDraft, add_seats, block_seats
from pesan.orders.moves import LineWish, SeatWish, TypeWish
from tests.storefront.shop import Shop, problem
from tests.support.factories import SYSTEM

NOBODYS = "01a1fdd2-4211-7ebb-8eb5-8ff1d35af34f"


def path_of(shop: Shop, what: str) -> str:
    return f"/v1/events/{shop.event.id}/{what}"


async def types_of(shop: Shop, **query: str) -> list[dict[str, Any]]:
    answer = await shop.guest.get(path_of(shop, "ticket-types"), params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["ticket_types"]
    return found


async def test_ticket_types_are_told_with_price_places_and_state(shop: Shop):
    make, now = shop.make, datetime.now(UTC)
    regular = await make.ticket_type(shop.event, description="Berdiri", position=1)
    await make.ticket_type(shop.event, name="Nanti", sale_opens_at=now + timedelta(days=1), position=2)
    await make.ticket_type(shop.event, name="Tadi", sale_closes_at=now - timedelta(days=1), position=3)
    last = await make.ticket_type(shop.event, name="Terakhir", inventory=1, position=4)
    line = LineWish(1, TypeWish(last.id, last.pool_id))
    await make.order(shop.event, lines=(line,))

    found = await types_of(shop)

    assert found[0] == {
        "id": str(regular.id),
        "event_id": str(shop.event.id),
        "name": "Reguler",
        "description": "Berdiri",
        "price_amount": 100_000,
        "currency": "IDR",
        "max_per_order": 10,
        "initial_inventory": 5,
        "remaining_inventory": 5,
        "color": "#0f766e",
        "is_seated": False,
        "sale_opens_at": None,
        "sale_closes_at": None,
        "status": "open",
    }
    assert [(one["name"], one["status"], one["remaining_inventory"]) for one in found[1:]] == [
        ("Nanti", "not_yet", 5),
        ("Tadi", "sale_over", 5),
        ("Terakhir", "sold_out", 0),
    ]


async def test_hidden_types_are_shown_to_whoever_knows_their_code(shop: Shop):
    await shop.make.ticket_type(shop.event, name="Teman", is_hidden=True, access_code="KAWAN")

    assert await types_of(shop) == []
    assert await types_of(shop, access_code="LAWAN") == []
    assert [one["name"] for one in await types_of(shop, access_code="kawan")] == ["Teman"]


async def test_no_more_is_left_of_a_type_than_of_the_event(shop: Shop):
    shop.event = await shop.make.event(shop.merchant, capacity=3)
    await shop.make.ticket_type(shop.event, inventory=50)

    assert [(one["initial_inventory"], one["remaining_inventory"]) for one in await types_of(shop)] == [
        (50, 3)
    ]


async def test_draft_and_unknown_events_tell_nothing(shop: Shop):
    draft = await shop.make.event(shop.merchant, status="draft")
    await shop.make.seats(await shop.make.ticket_type(draft, is_seated=True))

    for event_id in (draft.id, NOBODYS):
        for what in ("ticket-types", "seats", "seats/free"):
            answer = await shop.guest.get(f"/v1/events/{event_id}/{what}")
            assert problem(answer) == (404, "catalog.event_not_found")


async def test_seat_map_is_asked_for_once(shop: Shop):
    offer = await shop.make.ticket_type(shop.event, is_seated=True)
    seats = await shop.make.seats(offer, 2)

    answer = await shop.guest.get(path_of(shop, "seats"))
    tag = answer.headers["etag"]
    again = await shop.guest.get(path_of(shop, "seats"), headers={"if-none-match": f'"x", W/{tag}'})

    columns = answer.json()["columns"]
    assert [dict(zip(columns, seat, strict=True)) for seat in answer.json()["seats"]] == [
        {
            "id": str(seat.id),
            "ticket_type_id": str(offer.id),
            "section": "A",
            "row": "1",
            "number": str(number),
            "x": number,
            "y": 0,
            "is_accessible": False,
        }
        for number, seat in enumerate(seats, start=1)
    ]
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert answer.headers["cache-control"] == "public, max-age=60"


async def test_map_of_free_seats_changes_with_each_seat(shop: Shop):
    offer = await shop.make.ticket_type(shop.event, is_seated=True)
    seats = await shop.make.seats(offer, 10)
    before = await shop.guest.get(path_of(shop, "seats/free"))
    wish = LineWish(1, TypeWish(offer.id, offer.pool_id), (SeatWish(seats[0].id, seats[0].pool_id),))
    await shop.make.order(shop.event, lines=(wish,))
    async with shop.database.write(SYSTEM) as session:
        known = await session.get_one(TicketType, offer.id)
        await block_seats(session, offer=known, seat_ids=[seats[9].id], is_blocked=True, actor=SYSTEM)

    headers = {"if-none-match": before.headers["etag"]}
    after = await shop.guest.get(path_of(shop, "seats/free"), headers=headers)
    headers = {"if-none-match": after.headers["etag"]}
    same = await shop.guest.get(path_of(shop, "seats/free"), headers=headers)

    assert before.content == bytes([0b11111111, 0b11])
    assert (after.status_code, after.content) == (200, bytes([0b11111110, 0b01]))
    assert after.headers["content-type"] == "application/octet-stream"
    assert (same.status_code, same.content) == (304, b"")


async def test_free_seats_of_a_stadium_fit_seven_kilobytes(shop: Shop):
    offer = await shop.make.ticket_type(shop.event, is_seated=True, inventory=50_000)
    drafts = [SeatDraft("A", str(n // 250), str(n % 250), n % 250, n // 250) for n in range(50_000)]
    async with shop.database.write(SYSTEM) as session:
        await add_seats(session, event=shop.event, offer=offer, drafts=drafts, actor=SYSTEM)

    free = await shop.guest.get(path_of(shop, "seats/free"))
    layout = await shop.guest.get(path_of(shop, "seats"))

    assert len(free.content) == 6_250
    assert len(layout.json()["seats"]) == 50_000
