"""What browsers may do with an answer."""

import re

import httpx
import pytest

from tests.web.conftest import MakeClient

DATA_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'{nonce}; style-src 'self'{nonce}; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; media-src 'self' blob:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)


@pytest.mark.parametrize("path", ["/api/hello", "/page", "/no/such/page", "/api/fail/bug", "/healthz"])
async def test_answer_of_any_kind_is_guarded(client: httpx.AsyncClient, path: str):
    headers = (await client.get(path)).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in headers


async def test_data_can_do_nothing_as_a_document(client: httpx.AsyncClient):
    assert (await client.get("/api/hello")).headers["content-security-policy"] == DATA_POLICY


async def test_page_without_nonce_gets_none(client: httpx.AsyncClient):
    response = await client.get("/page")

    assert response.headers["content-security-policy"] == PAGE_POLICY.format(nonce="")
    assert response.headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=(self)" in response.headers["permissions-policy"]


async def test_page_with_nonce_gets_its_own_each_time(client: httpx.AsyncClient):
    nonces = []
    for _ in range(2):
        response = await client.get("/page/template")
        written = set(re.findall(r'nonce="([^"]+)"', response.text))
        nonces += written
        (nonce,) = written
        policy = PAGE_POLICY.format(nonce=f" 'nonce-{nonce}'")
        assert response.headers["content-security-policy"] == policy

    assert len(set(nonces)) == 2


async def test_https_is_kept_for_a_year(make_client: MakeClient):
    client = make_client(base_url="https://tickets.example", site="https://tickets.example")

    header = (await client.get("/api/hello")).headers["strict-transport-security"]

    assert header == "max-age=31536000; includeSubDomains; preload"


async def test_inline_policy_is_never_unsafe(client: httpx.AsyncClient):
    for path in ("/page", "/page/template", "/no/such/page", "/page/fail"):
        response = await client.get(path, headers={"accept": "text/html"})
        assert "unsafe" not in response.headers["content-security-policy"]
        assert " style=" not in response.text
        assert " onclick" not in response.text
