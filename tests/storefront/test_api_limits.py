"""The documents' limits (workflow-client-upgraded.md §5), and what a guesser of codes gets."""

import re
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import URL

from pesan.app.instance import Instance
from pesan.app.web import create_app
from pesan.app.wiring import build_registry
from pesan.settings import Settings
from pesan.web.access import list_routes
from tests.storage.files import encoded, picture
from tests.storefront.shop import Shop, problem

PROOF = encoded(picture(80, 120), "PNG")


@pytest.fixture
async def limited(settings: Settings, database_url: URL) -> AsyncIterator[httpx.AsyncClient]:
    """A guest of an instance with its limits on."""
    instance = Instance(settings.model_copy(update={"rate_limits": "on"}), database_url, None)
    app = create_app(build_registry(instance, "web"))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("203.0.113.9", 40_000))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        yield client


async def test_sixth_hold_within_a_quarter_of_an_hour_is_one_too_many(shop: Shop, limited):
    answers = [await shop.hold(limited) for _ in range(5)]
    before = await shop.facts()

    refused = await shop.hold(limited)

    assert [answer.status_code for answer in answers] == [201] * 5
    assert [answer.headers["ratelimit"].count('"hold";r=') for answer in answers] == [1] * 5
    assert problem(refused) == (429, "http.too_many_requests")
    assert 0 < int(refused.headers["retry-after"]) <= 900
    assert refused.json()["violated-policies"] == ["hold"]
    assert await shop.facts() == before


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip", "cf-connecting-ip"])
async def test_claimed_address_does_not_make_a_new_caller(shop: Shop, limited, header):
    for _ in range(5):
        await shop.hold(limited)
    limited.headers[header] = "for=198.51.100.7" if header == "forwarded" else "198.51.100.7"

    assert problem(await shop.hold(limited)) == (429, "http.too_many_requests")


async def test_broken_holds_count_as_well(shop: Shop, limited):
    for _ in range(5):
        await shop.hold(limited, name="Al")

    assert problem(await shop.hold(limited)) == (429, "http.too_many_requests")


async def test_fourth_proof_within_a_quarter_of_an_hour_is_one_too_many(shop: Shop, limited):
    booking = await shop.held(limited)
    for _ in range(3):
        await shop.prove(booking, b"<svg/>", client=limited)
    before = await shop.facts()

    assert problem(await shop.prove(booking, PROOF, "bukti.png", client=limited)) == (
        429,
        "http.too_many_requests",
    )
    assert await shop.facts() == before


async def test_guessing_codes_ends_after_twenty_misses_also_for_the_right_one(shop: Shop, limited):
    booking = await shop.held()
    misses = [await limited.get(f"/api/bookings/{number:013d}/status") for number in range(20)]

    refused = await limited.get(f"/api/bookings/{booking['code']}/status")

    assert {problem(answer) for answer in misses} == {(404, "orders.not_found")}
    assert problem(refused) == (429, "http.too_many_requests")


@pytest.mark.parametrize("half", [0, 1])
async def test_a_wrong_code_counts_wherever_a_code_opens_something(limited, app, half):
    """In two halves, because there are more such addresses than wrong codes that anybody may show."""
    paths = [
        route.path
        for route in list_routes(app)
        if "{code}" in route.path and "GET" in route.methods and not route.path.startswith("/organizer")
    ][half::2]
    codes = [f"{number:013d}" for number in range(len(paths))]

    answers = [
        await limited.get(re.sub(r"\{\w+\}", str(uuid4()), path.replace("{code}", code)))
        for path, code in zip(paths, codes, strict=True)
    ]

    assert len(paths) > 8
    assert [answer.status_code for answer in answers] == [404] * len(paths)
    left = [re.search(r'"code-misses";r=(\d+)', answer.headers.get("ratelimit", "")) for answer in answers]
    assert [found and int(found[1]) for found in left] == [19 - number for number in range(len(paths))]


async def test_looking_at_ones_own_booking_is_no_guess(shop: Shop, limited):
    booking = await shop.held()

    answers = [await limited.get(f"/api/bookings/{booking['code']}/status") for _ in range(30)]

    assert {answer.status_code for answer in answers} == {200}


async def test_wrong_code_and_unknown_code_get_the_same_answer(shop: Shop):
    """A code that is somebody's and one that is nobody's differ in nothing that a guesser could see."""
    booking = await shop.held()
    guest = await shop.open_guest(code="ZZZZZZZZZZZZZ")

    answers = [
        await guest.post(f"/api/bookings/{order_id}/cancel")
        for order_id in (booking["id"], "01a1fdd2-4211-7ebb-8eb5-8ff1d35af34f")
    ]

    documents = [{**answer.json(), "request_id": ""} for answer in answers]
    assert documents[0] == documents[1]
    assert answers[0].status_code == answers[1].status_code == 404


async def test_hundred_first_request_within_a_minute_is_one_too_many(shop: Shop, limited):
    answers = [await limited.get(f"/api/capacity/{shop.event.id}") for _ in range(101)]

    assert [answer.status_code for answer in answers] == [200] * 100 + [429]
