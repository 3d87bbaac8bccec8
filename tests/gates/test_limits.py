"""Guessing pairing codes ends soon, and devices behind one address do not slow each other down."""

from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import URL

from pesan.app.instance import Instance
from pesan.app.web import create_app
from pesan.app.wiring import build_registry
from pesan.db import Database
from pesan.settings import Settings
from tests.gates.phones import Entrance, Phone, open_entrance
from tests.support.factories import Make


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


@pytest.fixture
async def entrance(make: Make, database: Database) -> Entrance:
    return await open_entrance(make, database, await make.event())


async def test_the_twenty_first_guess_is_not_looked_at(limited, entrance: Entrance):
    code, guesser = await entrance.code(), Phone(limited)
    guesses = [await guesser.join(f"0000000{number % 10}", entrance.cookies) for number in range(20)]

    answer = await guesser.join(code, entrance.cookies)

    assert {guess.status_code for guess in guesses} == {404}
    assert (answer.status_code, answer.json()["violated-policies"]) == (429, ["gate-pairing"])


async def test_a_device_counts_for_itself(limited, entrance: Entrance):
    phones = [await entrance.joined(limited) for _ in range(2)]

    answers = [await phones[which].get("tickets?q=budi") for which in (0, 0, 1)]

    left = [answer.headers["ratelimit"].partition(";t=")[0] for answer in answers]
    assert left == ['"gate-search";r=119', '"gate-search";r=118', '"gate-search";r=119']
