"""The general limit counts whoever asks for outlets, and screens behind one address each for itself."""

from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import URL

from pesan.app.instance import Instance
from pesan.app.web import create_app
from pesan.app.wiring import build_registry
from pesan.db import Database
from pesan.kit.ids import new_id
from pesan.settings import Settings
from pesan.web.limits.policies import GENERAL
from tests.booths.screens import open_corner
from tests.support.factories import Make

FACE = [
    ("GET", "/outlets"),
    ("GET", f"/outlets/{new_id()}/slots?day=2026-12-05"),
    ("POST", "/booking"),
    ("GET", "/bookings"),
    ("GET", f"/session/{new_id()}/status"),
    ("POST", f"/session/{new_id()}/override"),
    ("GET", "/admin-users"),
    ("GET", "/config/system"),
    ("GET", "/booths"),
    ("GET", "/booths/nowhere"),
    ("GET", "/booths/nowhere/book"),
]


@pytest.fixture
async def limited(settings: Settings, database_url: URL) -> AsyncIterator[httpx.AsyncClient]:
    """Whoever asks an instance with its limits on."""
    instance = Instance(settings.model_copy(update={"rate_limits": "on"}), database_url, None)
    app = create_app(build_registry(instance, "web"))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("203.0.113.9", 40_000))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        yield client


def left(answer: httpx.Response) -> int | None:
    """How often one may still ask, by the general limit."""
    _, named, rest = answer.headers.get("ratelimit", "").partition(f'"{GENERAL.name}";r=')
    return int(rest.partition(";")[0]) if named else None


async def test_everything_that_is_asked_of_outlets_is_counted_together(limited: httpx.AsyncClient):
    answers = [await limited.request(method, path) for method, path in FACE]
    other = await limited.get("/api/events")

    assert [left(answer) for answer in answers] == list(range(99, 99 - len(FACE), -1))
    assert left(other) == 99 - len(FACE)


async def test_what_has_a_limit_of_its_own_or_a_signature_is_not_counted(limited: httpx.AsyncClient):
    paths = [("POST", "/payment/confirm"), ("POST", "/booth/token"), ("GET", "/booths/bookings/X/events")]
    answers = [await limited.request(method, path) for method, path in paths]

    assert [left(answer) for answer in answers] == [None] * 3


async def test_the_request_after_the_hundredth_is_refused_before_anything_is_looked_up(
    limited: httpx.AsyncClient,
):
    path = f"/session/{new_id()}/status"
    for number in range(GENERAL.count):
        await limited.get(path if number % 2 else "/outlets")

    refused = [await limited.get(path), await limited.get("/outlets"), await limited.get("/booths")]

    assert [answer.status_code for answer in refused] == [429] * 3
    assert refused[0].json()["violated-policies"] == [GENERAL.name]


async def test_screens_behind_one_address_count_each_for_itself(
    limited: httpx.AsyncClient, make: Make, database: Database
):
    corner = await open_corner(make, database)
    screens = [await corner.joined(limited, booth) for booth in (0, 1)]
    path = f"/session/{new_id()}/status"

    answers = [await screens[which].get(path) for which in (0, 0, 1)]
    forged = await limited.get(path, headers={"authorization": "Bearer forged"})

    assert [left(answer) for answer in answers] == [99, 98, 99]
    assert left(forged) == 99
