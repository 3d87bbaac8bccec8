"""Outlets, people and configuration over HTTP: for super admins, and nothing of it for anybody else."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import URL, text

from pesan.booths.feed import tell_many
from pesan.booths.telling import outlet_changed
from pesan.capacity.locks import lock_pools
from pesan.db import Database
from pesan.db.pipeline import pipelined
from pesan.identity.states import MerchantRole
from pesan.kit.ids import new_id
from tests.booths.desks import Headers, refusal, sign_in
from tests.support.booths import Place, book, make_place
from tests.support.factories import SYSTEM, Make
from tests.support.postgres import Server
from tests.support.queries import CountQueries


def hours_of(opens: object) -> dict[str, object]:
    return {"weekday": 5, "opens": opens, "closes": "22:00"}


WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"
)


@pytest.fixture
async def place(make: Make, database: Database) -> Place:
    return await make_place(make, database)


@pytest.fixture
async def chief(client: httpx.AsyncClient, make: Make, database: Database, place: Place) -> Headers:
    return await sign_in(client, make, database, place, role=MerchantRole.ORGANIZER)


@pytest.fixture
async def staff(client: httpx.AsyncClient, make: Make, database: Database, place: Place) -> Headers:
    return await sign_in(client, make, database, place)


async def test_an_outlet_is_opened_changed_and_archived(
    client: httpx.AsyncClient, chief: Headers, place: Place
):
    wish = {
        "name": "Booth Blok M",
        "location": "Jakarta Selatan",
        "zone": "Asia/Makassar",
        "price_amount": 75_000,
        "hours": [{"weekday": 5, "opens": "10:00", "closes": "02:00"}],
    }

    made = await client.post("/outlets", json=wish, headers=chief)
    path = f"/outlets/{made.json()['id']}"
    booth = await client.post(f"{path}/booths", json={"name": "Kiri"}, headers=chief)
    renamed = await client.patch(
        f"{path}/booths/{booth.json()['id']}", json={"name": "Kanan", "is_closed": True}, headers=chief
    )
    changed = await client.patch(path, json={"price_amount": 80_000, "is_open": False}, headers=chief)
    archived = await client.patch(path, json={"is_archived": True}, headers=chief)
    listed = (await client.get("/outlets", headers=chief)).json()["items"]

    assert (made.status_code, booth.status_code) == (201, 201)
    assert renamed.json() == {"id": booth.json()["id"], "name": "Kanan", "is_closed": True}
    assert changed.json() == made.json() | {
        "price_amount": 80_000,
        "is_open": False,
        "booths": [renamed.json()],
    }
    assert archived.json()["is_archived"] is True
    assert [each["id"] for each in listed] == [str(place.id)]


async def test_the_same_request_again_makes_one_outlet(client: httpx.AsyncClient, chief: Headers):
    headers = {**chief, "idempotency-key": str(new_id())}

    first, again = [
        await client.post("/outlets", json={"name": "Booth Baru"}, headers=headers) for _ in range(2)
    ]

    assert (again.status_code, again.content) == (201, first.content)
    assert len((await client.get("/outlets", headers=chief)).json()["items"]) == 2


async def test_an_outlet_with_bookings_is_not_archived(
    client: httpx.AsyncClient, make: Make, chief: Headers, place: Place
):
    await book(make, place, in_minutes=60)

    answer = await client.patch(f"/outlets/{place.id}", json={"is_archived": True}, headers=chief)

    assert refusal(answer) == (409, "booths.outlet_busy")
    assert (await client.get("/outlets", headers=chief)).json()["items"][0]["is_archived"] is False


@pytest.mark.parametrize(
    "change",
    [
        {"zone": "Mars/Olympus"},
        {"name": "x"},
        {"name": "Booth\nKota"},
        {"price_amount": -1},
        {"is_open": "yes"},
        {"hours": [{"weekday": 9}]},
        # A wall clock knows neither another zone nor seconds since midnight.
        {"hours": [hours_of("10:00Z"), hours_of("11:00")]},
        {"hours": [hours_of("10:00:30")]},
        {"hours": [hours_of(36_000)]},
    ],
)
async def test_what_makes_no_sense_changes_nothing(
    client: httpx.AsyncClient, chief: Headers, place: Place, change: dict[str, Any]
):
    before = (await client.get("/outlets", headers=chief)).json()

    answer = await client.patch(f"/outlets/{place.id}", json=change, headers=chief)

    assert answer.status_code == 422
    assert (await client.get("/outlets", headers=chief)).json() == before


async def test_an_admin_changes_nothing_and_sees_their_own_outlet_alone(
    client: httpx.AsyncClient, make: Make, database: Database, place: Place, staff: Headers
):
    merchant_id = place.event.merchant_id
    async with database.read(SYSTEM) as session:
        before = (await session.execute(text("SELECT count(*) FROM audit_entries"))).scalar_one()
    asked = [
        await client.post("/outlets", json={"name": "Booth Baru"}, headers=staff),
        await client.patch(f"/outlets/{place.id}", json={"name": "Lain"}, headers=staff),
        await client.post(f"/outlets/{place.id}/booths", json={"name": "Lain"}, headers=staff),
        await client.patch(
            f"/outlets/{place.id}/booths/{place.booths[0].id}", json={"is_closed": True}, headers=staff
        ),
        await client.get("/config/system", headers=staff),
        await client.put("/config/system", json={}, headers=staff),
        await client.get("/admin-users", headers=staff),
        await client.post("/admin-users", json={"email": "a@contoh.id"}, headers=staff),
    ]

    assert [answer.status_code for answer in asked] == [403] * len(asked)
    async with database.read(SYSTEM) as session:
        assert (await session.execute(text("SELECT count(*) FROM audit_entries"))).scalar_one() == before
    other = await make_place(make, database, await make.merchant_of(merchant_id), name="Booth Lain")
    limited = await sign_in(client, make, database, place, outlets=[other.id])
    listed = (await client.get("/outlets", headers=limited)).json()["items"]
    assert [each["id"] for each in listed] == [str(other.id)]


async def test_a_super_admin_of_another_house_changes_nothing(
    client: httpx.AsyncClient, make: Make, database: Database, place: Place
):
    other = await make_place(make, database)
    stranger = await sign_in(client, make, database, other, role=MerchantRole.ORGANIZER)

    answers = [
        await client.patch(f"/outlets/{place.id}", json={"name": "Punyaku"}, headers=stranger),
        await client.get(
            "/config/system", params={"merchant_id": str(place.event.merchant_id)}, headers=stranger
        ),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    async with database.read(SYSTEM) as session:
        names = (await session.scalars(text("SELECT DISTINCT name FROM outlets"))).all()
    assert names == ["Booth Kota Tua"]


async def test_a_booth_of_another_outlet_is_none_of_this_one(
    client: httpx.AsyncClient, make: Make, database: Database, place: Place, chief: Headers
):
    elsewhere = await make_place(make, database)

    answer = await client.patch(
        f"/outlets/{place.id}/booths/{elsewhere.booths[0].id}", json={"is_closed": True}, headers=chief
    )

    assert refusal(answer) == (404, "booths.booth_not_found")
    async with database.read(SYSTEM) as session:
        assert (await session.scalars(text("SELECT DISTINCT is_closed FROM booths"))).all() == [False]


async def test_the_configuration_has_defaults_and_keeps_what_is_said(
    client: httpx.AsyncClient, chief: Headers
):
    wish = {"session_duration_minutes": 20, "arrival_tolerance_minutes": 0}

    before = (await client.get("/config/system", headers=chief)).json()
    put = await client.put("/config/system", json=wish, headers=chief)
    refused = await client.put("/config/system", json=wish | {"session_duration_minutes": 0}, headers=chief)

    assert before == {"session_duration_minutes": 15, "arrival_tolerance_minutes": 15}
    assert (put.status_code, put.json(), refused.status_code) == (200, wish, 422)
    assert (await client.get("/config/system", headers=chief)).json() == wish


async def test_times_of_a_day_say_which_booths_are_free(client: httpx.AsyncClient, place: Place):
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()

    before = (await client.get(f"/outlets/{place.id}/slots", params={"day": tomorrow})).json()["items"]
    wish = {"outlet_id": str(place.id), "booking_time": before[3]["booking_time"], "name": "Siti Rahma"}
    await client.post("/booking", json=wish)
    after = (await client.get(f"/outlets/{place.id}/slots", params={"day": tomorrow})).json()["items"]

    assert len(before) == 96
    assert [slot["booth_ids"] for slot in after[2:5]] == [
        [str(place.booths[0].id)],
        [],
        [str(place.booths[0].id)],
    ]


@pytest.mark.parametrize("day", ["0001-01-01", "2026-01-01", "9999-12-31"])
async def test_days_far_away_have_no_times(client: httpx.AsyncClient, place: Place, day: str):
    answer = await client.get(f"/outlets/{place.id}/slots", params={"day": day})

    assert (answer.status_code, answer.json()) == (200, {"items": []})


@pytest.mark.parametrize("day", ["besok", "0", "1795000000", "2026-12-05T00:00:00Z", "2026-02-30"])
async def test_times_are_asked_for_by_a_day_that_is_written_out(
    client: httpx.AsyncClient, place: Place, day: str
):
    answer = await client.get(f"/outlets/{place.id}/slots", params={"day": day})

    assert refusal(answer) == (422, "validation")


async def test_people_are_invited_and_limited_to_an_outlet(
    client: httpx.AsyncClient, make: Make, chief: Headers, staff: Headers, place: Place
):
    people = (await client.get("/admin-users", headers=chief)).json()["items"]
    member = next(each for each in people if each["role"] == "admin")
    change = {"role": "admin", "outlet_id": str(place.id)}

    invited = await client.post("/admin-users", json={"email": "baru@contoh.id", **change}, headers=chief)
    changed = await client.patch(f"/admin-users/{member['id']}", json=change, headers=chief)

    assert (invited.status_code, invited.json()["is_invited"], invited.json()["outlet_id"]) == (
        201,
        True,
        str(place.id),
    )
    assert changed.json() == member | {"outlet_id": str(place.id), "outlet_ids": [str(place.id)]}
    assert (await client.get("/bookings", headers=staff)).status_code == 401


async def test_people_are_invited_and_changed_once_for_each_key(
    client: httpx.AsyncClient, database: Database, chief: Headers, staff: Headers, place: Place
):
    people = (await client.get("/admin-users", headers=chief)).json()["items"]
    member = next(each["id"] for each in people if each["role"] == "admin")
    wishes = [
        ("POST", "/admin-users", {"email": "baru@contoh.id"}),
        ("PATCH", f"/admin-users/{member}", {"role": "admin", "outlet_id": str(place.id)}),
    ]
    for method, path, wish in wishes:
        headers = {**chief, "idempotency-key": f"{method}-1"}
        first, again = [await client.request(method, path, json=wish, headers=headers) for _ in range(2)]
        other = await client.request(method, path, json={**wish, "role": "super_admin"}, headers=headers)
        replays = [answer.headers.get("idempotency-replayed") for answer in (first, again)]
        assert (first.is_success, again.content, replays) == (True, first.content, [None, "true"])
        assert refusal(other) == (422, "idempotency.key_reused")

    async with database.read(SYSTEM) as session:
        asked = "SELECT count(*) FROM audit_entries WHERE action = ANY (:actions) AND actor_kind = 'staff'"
        actions = ["invitation:letter:sent", "user:membership:changed"]
        assert await session.scalar(text(asked), {"actions": actions}) == len(wishes)


@pytest.mark.parametrize("count", [1, 3])
async def test_outlets_are_listed_in_the_same_queries(
    client: httpx.AsyncClient,
    make: Make,
    database: Database,
    chief: Headers,
    place: Place,
    count: int,
    count_page_queries: CountQueries,
):
    owner = await make.merchant_of(place.event.merchant_id)
    for number in range(1, count):
        await make_place(make, database, owner, name=f"Booth {number}")
    await client.get("/outlets", headers=chief)

    with count_page_queries() as statements:
        answer = await client.get("/outlets", headers=chief)

    assert (len(answer.json()["items"]), len(statements)) == (count, 6)


async def test_a_changed_outlets_feed_is_not_held_while_its_pool_is_awaited(
    client: httpx.AsyncClient,
    database: Database,
    chief: Headers,
    place: Place,
    postgres: Server,
    database_url: URL,
):
    change = {"name": "Booth Lama", "hours": [], "is_archived": True}
    news = [outlet_changed(place.id, place.event.merchant_id)]

    async with database.sale() as session:
        async with pipelined(session) as pipe:
            await lock_pools(pipe, [place.event.pool_id])
        asked = asyncio.create_task(client.patch(f"/outlets/{place.id}", json=change, headers=chief))
        with postgres.connect(database_url.database or "") as watching:
            while watching.execute(WAITING).fetchone() == (0,) and not asked.done():
                await asyncio.sleep(0.01)
        await tell_many(session, news)  # as a sale does, whose pool is locked already
    answer = await asked

    assert answer.status_code == 200
    assert answer.json() == answer.json() | change | {"is_open": False}
