"""Form tokens."""

import re

import httpx

from tests.web.conftest import MakeClient


async def token_of(client: httpx.AsyncClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', (await client.get("/page")).text)
    assert found is not None
    return found.group(1)


async def send(client: httpx.AsyncClient, token: str | None) -> tuple[int, str]:
    fields = {"name": "Budi", **({"csrf_token": token} if token is not None else {})}
    response = await client.post("/page/form", data=fields)
    return response.status_code, response.json().get("code", "")


async def test_form_with_its_token_is_taken(client: httpx.AsyncClient):
    assert await send(client, await token_of(client)) == (200, "")


async def test_form_token_in_the_header_is_taken(client: httpx.AsyncClient):
    token = await token_of(client)

    response = await client.post("/page/form", data={"name": "Budi"}, headers={"X-CSRF-Token": token})

    assert response.status_code == 200


async def test_form_token_is_different_each_time_and_stays_good(client: httpx.AsyncClient):
    first, second = await token_of(client), await token_of(client)

    assert first != second
    assert await send(client, first) == await send(client, second) == (200, "")


async def test_form_without_token_is_refused(client: httpx.AsyncClient):
    await token_of(client)

    assert await send(client, None) == (403, "http.stale_form")


async def test_form_with_broken_token_is_refused(client: httpx.AsyncClient):
    token = await token_of(client)

    for broken in ("", "x", token[:-2], token[::-1], "é", "=" * 20, token + "AAAA"):
        assert await send(client, broken) == (403, "http.stale_form")


async def test_form_with_another_visitors_token_is_refused(make_client: MakeClient):
    mine, theirs = make_client(), make_client()
    await token_of(mine)

    assert await send(mine, await token_of(theirs)) == (403, "http.stale_form")


async def test_form_token_without_any_cookie_is_refused(make_client: MakeClient):
    token = await token_of(make_client())

    assert await send(make_client(), token) == (403, "http.stale_form")
