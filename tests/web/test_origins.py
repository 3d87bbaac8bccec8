"""Requests that other sites send through a visitor's browser."""

import httpx
import pytest

from tests.web.conftest import MakeClient

BODY = {"name": "Budi", "qty": 1}
FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:9999"},
    {"Origin": "https://127.0.0.1"},
    {"Origin": "http://127.0.0.1.evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
]


@pytest.mark.parametrize("headers", FOREIGN)
async def test_post_from_another_site_is_refused(client: httpx.AsyncClient, headers: dict[str, str]):
    response = await client.post("/api/echo", json=BODY, headers=headers)

    assert (response.status_code, response.json()["code"]) == (403, "http.cross_site")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://127.0.0.1"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1"},
        {"Sec-Fetch-Site": "none"},
    ],
)
async def test_post_from_here_is_taken(client: httpx.AsyncClient, headers: dict[str, str]):
    assert (await client.post("/api/echo", json=BODY, headers=headers)).status_code == 201


async def test_get_from_another_site_is_a_link(client: httpx.AsyncClient):
    response = await client.get("/api/hello", headers={"Sec-Fetch-Site": "cross-site"})

    assert response.status_code == 200


async def test_post_to_the_public_address_behind_a_proxy_is_taken(make_client: MakeClient):
    client = make_client(base_url="https://tickets.example", site="http://tickets.example")

    response = await client.post("/api/echo", json=BODY, headers={"Origin": "https://tickets.example"})

    assert response.status_code == 201


@pytest.mark.parametrize("method", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
async def test_method_override_is_not_read(client: httpx.AsyncClient, method: str):
    assert (await client.get("/api/echo", headers={method: "POST"})).status_code == 405
