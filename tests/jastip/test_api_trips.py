"""Trips over HTTP: whose they are, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from pesan.identity.states import MerchantRole
from pesan.jastip.models import Trip
from pesan.kit.ids import new_id
from tests.support.factories import SYSTEM
from tests.support.trips import make_journey, make_participant, make_product, order

TRIP = {"title": "Jastip Jepang Mei", "slug": "JPN25", "description": "Dari Tokyo", "deadline": None}


async def test_a_trip_is_planned_changed_and_deleted(program, journey):
    owner = await program(journey.merchant)
    deadline = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)
    key = {"Idempotency-Key": str(new_id())}

    made = await owner.post("/api/trips", json={**TRIP, "deadline": deadline.isoformat()}, headers=key)
    again = await owner.post("/api/trips", json={**TRIP, "deadline": deadline.isoformat()}, headers=key)

    trip = made.json()["trip"]
    assert (made.status_code, again.content) == (201, made.content)
    assert (trip["slug"], trip["isActive"]) == ("jpn25", False)
    assert datetime.fromisoformat(trip["deadline"]) == deadline
    path = f"/api/trips/{trip['id']}"
    changed = await owner.patch(path, json={"isActive": True, "deadline": None})
    assert changed.json()["trip"] | {"updatedAt": ""} == trip | {
        "isActive": True,
        "deadline": None,
        "updatedAt": "",
    }
    active = (await owner.get("/api/trips", params={"filter": "active"})).json()["trips"]
    assert {each["id"] for each in active} == {trip["id"], str(journey.id)}
    assert (await owner.delete(path)).json() == {"message": "Trip deleted"}
    assert len((await owner.get("/api/trips")).json()["trips"]) == 1


async def test_a_trip_asks_for_a_deposit_where_it_is_said(program, journey):
    owner = await program(journey.merchant)

    plain = (await owner.post("/api/trips", json=TRIP)).json()["trip"]
    made = (await owner.post("/api/trips", json={**TRIP, "slug": "kor25", "depositPercent": 30})).json()[
        "trip"
    ]
    path = f"/api/trips/{made['id']}"
    changed = (await owner.patch(path, json={"depositPercent": 100})).json()["trip"]
    refused = [await owner.patch(path, json={"depositPercent": percent}) for percent in (0, 101, None, "30")]

    assert [trip["depositPercent"] for trip in (plain, made, changed)] == [100, 30, 100]
    assert [answer.status_code for answer in refused] == [422] * 4
    assert (await owner.get(path)).json()["trip"]["depositPercent"] == 100


async def test_a_whole_trip_is_read_at_a_fixed_number_of_queries(program, journey, count_page_queries):
    owner, counts = await program(journey.merchant), []
    for more in (1, 2):
        for _ in range(more):
            await make_product(journey)
            await make_participant(journey)
        with count_page_queries() as queries:
            trip = (await owner.get(f"/api/trips/{journey.id}")).json()["trip"]
        counts.append((len(trip["products"]), len(trip["participants"]), len(queries)))

    assert [count[:2] for count in counts] == [(1, 1), (3, 3)]
    assert counts[0][2] == counts[1][2]


async def test_a_trip_with_orders_is_closed_and_not_deleted(program, journey, database):
    owner = await program(journey.merchant)
    await order(journey, await make_participant(journey), (await make_product(journey), 1))

    answer = await owner.delete(f"/api/trips/{journey.id}")

    assert (answer.status_code, answer.json()["code"]) == (409, "jastip.trip_busy")
    async with database.read(SYSTEM) as session:
        assert not (await session.get_one(Trip, journey.id)).is_archived


async def test_trips_are_their_owners_alone(make, database, settings, program, journey):
    theirs = await make_journey(make, database, settings)
    people = {
        404: await program(theirs.merchant),
        403: await program(journey.merchant, MerchantRole.STAFF),
    }
    path = f"/api/trips/{journey.id}"

    for status, somebody in people.items():
        answers = [
            await somebody.get(path),
            await somebody.patch(path, json={"title": "Punya saya"}),
            await somebody.delete(path),
        ]
        assert [answer.status_code for answer in answers] == [status] * 3
    async with database.read(SYSTEM) as session:
        assert not (await session.get_one(Trip, journey.id)).is_archived


async def test_a_code_is_one_trip_whatever_its_letters(program, journey):
    owner, other = await program(journey.merchant), await program(name="Orang Lain")
    await owner.post("/api/trips", json=TRIP)

    answer = await other.post("/api/trips", json={**TRIP, "slug": "jpn25"})

    assert (answer.status_code, answer.json()["code"]) == (409, "jastip.trip_slug_taken")


@pytest.mark.parametrize(
    "body",
    [
        {**TRIP, "merchantId": str(new_id())},
        {**TRIP, "status": "open"},
        {**TRIP, "slug": "ab"},
        {**TRIP, "deadline": 1},
        {**TRIP, "deadline": "2026-12-05T10:00:00"},
        {**TRIP, "isActive": 1},
        {"title": "Tanpa kode"},
    ],
)
async def test_what_a_trip_does_not_take_is_refused(program, journey, body):
    owner = await program(journey.merchant)

    answer = await owner.post("/api/trips", json=body)

    assert (answer.status_code, answer.json()["error"]) == (422, answer.json()["detail"])
    assert len((await owner.get("/api/trips")).json()["trips"]) == 1


@pytest.mark.parametrize("body", ["[" * 100_000, '{"title": ' + "9" * 5_000 + "}"])
async def test_deep_json_and_endless_numbers_are_refused(program, journey, body):
    owner = await program(journey.merchant)

    answer = await owner.post("/api/trips", content=body, headers={"content-type": "application/json"})

    assert answer.status_code in {400, 422}
