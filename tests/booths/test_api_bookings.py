"""Bookings over HTTP: made by customers and at the desk, listed for whoever works there."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import URL, text

from pesan.booths.queries.configs import Config
from pesan.booths.queries.outlets import get_outlet
from pesan.booths.service import close_booth, set_config
from pesan.db import Database
from pesan.kit.ids import new_id
from pesan.orders.states import OrderState
from tests.booths.desks import Headers, refusal, sign_in
from tests.support.booths import Place, book, book_session, let_pass, make_place, now_of_this_test
from tests.support.database import offenders
from tests.support.factories import SYSTEM, Make
from tests.support.postgres import Server
from tests.support.queries import CountQueries

QUARTER = timedelta(minutes=15)


@pytest.fixture
async def place(make: Make, database: Database) -> Place:
    return await make_place(make, database, booths=2)


@pytest.fixture
async def staff(client: httpx.AsyncClient, make: Make, database: Database, place: Place) -> Headers:
    return await sign_in(client, make, database, place)


def next_time(hours: int = 2) -> datetime:
    """A time that the slots of an outlet have that is open day and night."""
    at = now_of_this_test() + timedelta(hours=hours)
    return at.replace(minute=0, second=0, microsecond=0)


def wish(place: Place, **changes: Any) -> dict[str, Any]:
    asked = {"outlet_id": str(place.id), "booking_time": next_time().isoformat(), "name": "Siti Rahma"}
    return {**asked, "email": "siti@contoh.id", **changes}


def walk_in(place: Place, **changes: Any) -> dict[str, Any]:
    return {"outlet_id": str(place.id), "walk_in": True, "name": "Siti Rahma", **changes}


async def count_orders(database: Database) -> int:
    async with database.read(SYSTEM) as session:
        return (await session.execute(text("SELECT count(*) FROM orders"))).scalar_one()


async def test_a_customer_holds_a_time_and_is_told_where_to_pay(client: httpx.AsyncClient, place: Place):
    answer = await client.post("/booking", json=wish(place))

    told = answer.json()
    assert answer.status_code == 201, answer.text
    assert (told["status"], told["booth_id"]) == ("PENDING_PAYMENT", str(place.booths[0].id))
    assert (told["amount"], told["currency"]) == (50_000, "IDR")
    assert datetime.fromisoformat(told["booking_time"]) == next_time()
    assert datetime.fromisoformat(told["end_time"]) == next_time() + QUARTER
    assert told["pay_url"].endswith(f"/pay/{told['code']}")


async def test_the_same_request_again_gets_the_same_answer_and_books_once(
    client: httpx.AsyncClient, place: Place, database: Database
):
    key = {"idempotency-key": str(new_id())}

    first = await client.post("/booking", json=wish(place), headers=key)
    again = await client.post("/booking", json=wish(place), headers=key)

    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert await count_orders(database) == 1


async def test_a_time_is_booked_as_often_as_there_are_booths(
    client: httpx.AsyncClient, place: Place, database: Database
):
    booths = [(await client.post("/booking", json=wish(place))).json()["booth_id"] for _ in place.booths]
    third = await client.post("/booking", json=wish(place))

    assert booths == [str(booth.id) for booth in place.booths]
    assert refusal(third) == (409, "capacity.slot_taken")
    assert await count_orders(database) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"booking_time": next_time(-2).isoformat()},
        {"booking_time": next_time(24 * 31).isoformat()},
        {"booking_time": (next_time() + timedelta(minutes=7)).isoformat()},
        {"booking_time": "0001-01-01T00:00:00+14:00"},
        {"booking_time": "9999-12-31T23:59:59-12:00"},
    ],
)
async def test_a_time_that_no_slot_has_is_not_booked(
    client: httpx.AsyncClient, place: Place, database: Database, changes: dict[str, Any]
):
    assert refusal(await client.post("/booking", json=wish(place, **changes))) == (
        404,
        "catalog.slot_not_found",
    )
    assert await count_orders(database) == 0


async def test_a_new_length_of_sessions_counts_at_once_and_for_nobody_who_booked_before(
    client: httpx.AsyncClient, place: Place, database: Database
):
    before = (await client.post("/booking", json=wish(place, booth_id=str(place.booths[0].id)))).json()
    async with database.write(SYSTEM) as session:
        view = await get_outlet(session, place.id)
        await set_config(session, view.outlet.merchant_id, config=Config(20, 10), actor=SYSTEM)

    overlapping = await client.post(
        "/booking", json=wish(place, booth_id=str(place.booths[0].id), booking_time=next_time().isoformat())
    )
    after = (
        await client.post(
            "/booking",
            json=wish(place, booking_time=(next_time() + 2 * QUARTER + timedelta(minutes=10)).isoformat()),
        )
    ).json()

    assert refusal(overlapping) == (409, "capacity.slot_taken")
    lengths = [
        datetime.fromisoformat(each["end_time"]) - datetime.fromisoformat(each["booking_time"])
        for each in (before, after)
    ]
    assert lengths == [QUARTER, timedelta(minutes=20)]


async def test_the_desk_books_the_next_free_time_and_takes_the_money(
    client: httpx.AsyncClient, place: Place, staff: Headers, database: Database
):
    answers = [
        await client.post("/booking", json=walk_in(place, paid_in_cash=True), headers=staff) for _ in range(3)
    ]

    told, now = [answer.json() for answer in answers], datetime.now(UTC)
    times = [datetime.fromisoformat(each["booking_time"]) - now for each in told]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({(each["booking_time"], each["booth_id"]) for each in told}) == 3
    # A time that began not long ago is still one; when the clock passes that moment, the next ones are taken.
    assert times == sorted(times)
    assert -QUARTER / 2 - QUARTER / 15 < times[0] < times[2] < 2 * QUARTER
    async with database.read(SYSTEM) as session:
        states = (await session.scalars(text("SELECT state FROM orders"))).all()
    assert states == [OrderState.COMPLETED] * 3
    said = [(each["status"], each["pay_url"], each["hold_expires_at"]) for each in told]
    assert said == [("AWAITING_CUSTOMER", None, None)] * 3
    arrived = await client.post(f"/session/{told[0]['id']}/arrival", headers=staff)
    assert arrived.json()["status"] == "ARRIVED"
    assert await offenders(database) == []


async def test_what_costs_nothing_is_booked_at_once(
    client: httpx.AsyncClient, make: Make, database: Database
):
    free = await make_place(make, database, price_amount=0)

    told = (await client.post("/booking", json=wish(free))).json()

    async with database.read(SYSTEM) as session:
        states = (await session.scalars(text("SELECT state FROM orders"))).all()
    assert (told["status"], told["pay_url"], states) == ("AWAITING_CUSTOMER", None, ["COMPLETED"])


async def test_the_desk_that_sends_its_request_again_takes_the_money_once(
    client: httpx.AsyncClient, place: Place, staff: Headers, database: Database
):
    headers = {**staff, "idempotency-key": str(new_id())}
    asked = walk_in(place, paid_in_cash=True)

    answers = [await client.post("/booking", json=asked, headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    async with database.read(SYSTEM) as session:
        entries = text("SELECT count(*) FROM ledger_entries WHERE account = 'received'")
        assert (await session.execute(entries)).scalar_one() == 1
    assert await offenders(database) == []


async def test_a_desk_whose_booking_ended_meanwhile_is_not_told_that_it_is_paid(
    client: httpx.AsyncClient, place: Place, staff: Headers, database: Database
):
    key = {"idempotency-key": str(new_id())}
    asked = walk_in(place, paid_in_cash=True)
    await client.post("/booking", json=asked, headers={**staff, **key})
    async with database.sale() as session:
        await session.execute(text("UPDATE orders SET state = 'EXPIRED'"))

    again = await client.post("/booking", json=asked, headers={**staff, **key})

    assert refusal(again) == (409, "orders.wrong_state")


async def test_what_staff_booked_elsewhere_for_themselves_is_not_at_their_desk(
    client: httpx.AsyncClient, make: Make, database: Database, place: Place, staff: Headers
):
    elsewhere = await make_place(make, database)
    async with database.read(SYSTEM) as session:
        (user_id,) = (await session.scalars(text("SELECT user_id FROM memberships"))).all()
    order = await book(make, elsewhere, in_minutes=60, user_id=user_id)

    listed = await client.get("/bookings", headers=staff)
    status = await client.get(f"/session/{order.id}/status", headers=staff)

    assert listed.json()["items"] == []
    assert refusal(status) == (404, "booths.session_not_found")


@pytest.mark.parametrize("left_at", ["HOLD", "PAID"])
async def test_what_the_first_request_did_not_come_to_is_done_by_the_next(
    client: httpx.AsyncClient,
    place: Place,
    staff: Headers,
    database: Database,
    postgres: Server,
    database_url: URL,
    left_at: str,
):
    key = {"idempotency-key": str(new_id())}
    asked = walk_in(place, paid_in_cash=True)
    first = await client.post("/booking", json=asked, headers={**staff, **key})
    with postgres.connect(database_url.database) as owner:
        owner.execute("DELETE FROM booth_sessions")
        if left_at == "HOLD":  # no money came yet, either
            owner.execute("ALTER TABLE ledger_entries DISABLE TRIGGER USER")
            owner.execute("TRUNCATE ledger_entries")
            owner.execute("DELETE FROM payments")
        owner.execute("UPDATE orders SET ended_at = NULL, state = %s", [left_at])

    again = await client.post("/booking", json=asked, headers={**staff, **key})

    async with database.read(SYSTEM) as session:
        assert (await session.scalars(text("SELECT state FROM orders"))).all() == ["COMPLETED"]
        assert (await session.scalars(text("SELECT state FROM booth_sessions"))).all() == [
            "AWAITING_CUSTOMER"
        ]
    assert again.content == first.content


@pytest.mark.parametrize("extra", [{"walk_in": True, "booking_time": None}, {"paid_in_cash": True}])
async def test_only_staff_of_the_outlet_book_at_the_desk(
    client: httpx.AsyncClient, make: Make, database: Database, place: Place, extra: dict[str, Any]
):
    other = await make_place(make, database)
    stranger = await sign_in(client, make, database, other)
    elsewhere = await sign_in(client, make, database, place, outlets=[(await make_place(make, database)).id])

    answers = [
        await client.post("/booking", json=wish(place, **extra), headers=headers)
        for headers in ({}, stranger, elsewhere)
    ]

    assert [answer.status_code for answer in answers] == [401, 403, 403]
    assert await count_orders(database) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"walk_in": True},
        {"booking_time": None},
        {"name": "S"},
        {"price": 1},
        {"booking_time": "besok"},
        {"booking_time": 1_795_000_000},
    ],
)
async def test_a_body_that_makes_no_sense_changes_nothing(
    client: httpx.AsyncClient, place: Place, database: Database, changes: dict[str, Any]
):
    assert refusal(await client.post("/booking", json=wish(place, **changes))) == (
        422,
        "validation",
    )
    assert await count_orders(database) == 0


async def test_bookings_are_listed_with_their_state_by_the_clock(
    client: httpx.AsyncClient, make: Make, database: Database, place: Place, staff: Headers
):
    held = await book(make, place, in_minutes=60)
    awaited = await book_session(make, database, place, in_minutes=120)
    late = await book_session(make, database, place, in_minutes=-20, booth=1)
    await let_pass(database, late.id, 20)
    called_off = await book(make, place, in_minutes=180, state=OrderState.CANCELLED)

    async def listed(**query: str) -> list[tuple[str, str]]:
        answer = await client.get("/bookings", params=query, headers=staff)
        return [(each["id"], each["status"]) for each in answer.json()["items"]]

    everything = [
        (str(called_off.id), "EXPIRED"),
        (str(late.id), "EXPIRED"),
        (str(awaited.id), "AWAITING_CUSTOMER"),
        (str(held.id), "PENDING_PAYMENT"),
    ]
    assert await listed() == everything
    for status in {state for _, state in everything}:
        assert await listed(status=status) == [each for each in everything if each[1] == status]
    assert await listed(search=held.code) == [everything[-1]]
    assert await listed(starts_from=(datetime.now(UTC) + timedelta(minutes=90)).isoformat()) == [
        everything[0],
        everything[2],
    ]


async def test_bookings_page_without_a_gap(
    client: httpx.AsyncClient, make: Make, place: Place, staff: Headers
):
    orders = [await book(make, place, in_minutes=60 * turn) for turn in range(1, 4)]

    first = (await client.get("/bookings", params={"limit": "2"}, headers=staff)).json()
    second = (
        await client.get("/bookings", params={"limit": "2", "cursor": first["next_cursor"]}, headers=staff)
    ).json()
    broken = await client.get("/bookings", params={"cursor": "x"}, headers=staff)

    ids = [each["id"] for page in (first, second) for each in page["items"]]
    assert ids == [str(order.id) for order in reversed(orders)]
    assert (second["next_cursor"], broken.status_code) == (None, 422)


async def test_whoever_works_elsewhere_sees_none_of_them(
    client: httpx.AsyncClient, make: Make, database: Database, place: Place
):
    owner = await make.merchant()
    mine, theirs = (
        await make_place(make, database, owner),
        await make_place(make, database, owner, name="Lain"),
    )
    order = await book(make, mine, in_minutes=60)
    await book(make, theirs, in_minutes=60)
    await book(make, place, in_minutes=60)
    limited = await sign_in(client, make, database, mine, outlets=[mine.id])

    answer = await client.get("/bookings", headers=limited)

    assert [each["id"] for each in answer.json()["items"]] == [str(order.id)]


@pytest.mark.parametrize("at", ["1795000000", "2026-12-05T10:00:00", "2026-12-05", "besok"])
async def test_bookings_are_not_narrowed_by_a_time_that_is_none(
    client: httpx.AsyncClient, staff: Headers, at: str
):
    answer = await client.get("/bookings", params={"starts_from": at}, headers=staff)

    assert refusal(answer) == (422, "validation")


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
async def test_moments_at_the_ends_of_the_calendar_are_answered(
    client: httpx.AsyncClient, staff: Headers, at: str
):
    answer = await client.get("/bookings", params={"starts_from": at, "starts_before": at}, headers=staff)

    assert (answer.status_code, answer.json()["items"]) == (200, [])


@pytest.mark.parametrize("count", [1, 3])
async def test_a_list_of_any_length_costs_the_same_queries(
    client: httpx.AsyncClient,
    make: Make,
    place: Place,
    staff: Headers,
    count: int,
    count_page_queries: CountQueries,
):
    for turn in range(count):
        await book(make, place, in_minutes=60 * (turn + 1))
    await client.get("/bookings", headers=staff)

    with count_page_queries() as statements:
        answer = await client.get("/bookings", headers=staff)

    assert (len(answer.json()["items"]), len(statements)) == (count, 4)


async def test_a_booth_that_is_closed_or_another_outlets_is_not_found_rather_than_taken(
    client: httpx.AsyncClient, make: Make, database: Database, place: Place
):
    elsewhere = await make_place(make, database)
    async with database.write(SYSTEM) as session:
        await close_booth(session, place.id, place.booths[0].id, actor=SYSTEM)

    answers = [
        await client.post("/booking", json=wish(place, booth_id=str(each.id)))
        for each in (place.booths[0], elsewhere.booths[0])
    ]

    assert [refusal(answer) for answer in answers] == [(404, "booths.booth_not_found")] * 2
    assert await count_orders(database) == 0
