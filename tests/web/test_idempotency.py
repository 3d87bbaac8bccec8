"""Idempotency-Key on a route with a transaction of its own."""

from typing import Any

import httpx
import orjson
import pytest
from fastapi import APIRouter, Request
from starlette.responses import Response

from pesan.db import Database
from pesan.idempotency.service import Answer, Replay, answer_once
from pesan.web.access import Who, allow
from pesan.web.deps import get_database, guest_actor, guest_id
from pesan.web.idempotency import fresh, read_key, replay
from tests.web.conftest import Booking, MakeClient

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
BODY = {"name": "Budi", "qty": 1}

router = APIRouter(dependencies=[allow(Who.PUBLIC)])
effects: list[str] = []


@router.post("/api/once")
async def once(request: Request, booking: Booking) -> Response:
    async def make() -> Answer:
        effects.append(booking.name)
        return Answer(201, orjson.dumps({"number": len(effects)}), {"Content-Type": "application/json"})

    wanted = await read_key(request)
    if wanted is None:
        return fresh(await make())
    async with get_database(request).write(guest_actor(request)) as session:
        outcome = await answer_once(session, wanted, make)
    return replay(outcome.answer) if isinstance(outcome, Replay) else fresh(outcome)


@router.get("/api/visit")
async def visit(request: Request) -> dict[str, str]:
    return {"guest": guest_id(request)}


@pytest.fixture
def client(make_client: MakeClient) -> httpx.AsyncClient:
    effects.clear()
    return make_client(routers=(router,))


async def send(client: httpx.AsyncClient, key: str, body: dict[str, Any] | None = None) -> httpx.Response:
    return await client.post("/api/once", json=body or BODY, headers={"Idempotency-Key": key})


async def test_same_key_and_body_is_the_same_answer(client: httpx.AsyncClient):
    first, second = await send(client, KEY), await send(client, f'"{KEY}"')

    assert (
        (first.status_code, first.content) == (second.status_code, second.content) == (201, b'{"number":1}')
    )
    assert second.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert effects == ["Budi"]


async def test_same_key_and_another_body_is_refused(client: httpx.AsyncClient):
    await send(client, KEY)

    refused = await send(client, KEY, {"name": "Asep", "qty": 1})

    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency.key_reused")
    assert effects == ["Budi"]


async def test_validation_error_burns_no_key(client: httpx.AsyncClient):
    assert (await send(client, KEY, {"name": "B", "qty": 1})).status_code == 422

    assert (await send(client, KEY)).status_code == 201


async def test_key_of_nobody_in_particular_must_be_a_uuid(client: httpx.AsyncClient):
    refused = await send(client, "order-1")

    assert (refused.status_code, refused.json()["code"]) == (400, "idempotency.key_invalid")
    assert effects == []


async def test_key_of_a_guest_may_be_anything_and_is_theirs_alone(
    client: httpx.AsyncClient, make_client: MakeClient
):
    other = make_client(routers=(router,))
    await client.get("/api/visit")
    await other.get("/api/visit")

    answers = [await send(client, "order-1"), await send(other, "order-1"), await send(client, "order-1")]

    assert [answer.json()["number"] for answer in answers] == [1, 2, 1]


async def test_key_outlives_the_process(
    client: httpx.AsyncClient, make_client: MakeClient, web_database: Database
):
    await send(client, KEY)
    await web_database.dispose()

    assert (await send(make_client(routers=(router,)), KEY)).headers["idempotency-replayed"] == "true"


async def test_no_key_is_a_new_effect_each_time(client: httpx.AsyncClient):
    for _ in range(2):
        await client.post("/api/once", json=BODY)

    assert effects == ["Budi", "Budi"]
