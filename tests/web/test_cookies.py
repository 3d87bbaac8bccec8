"""Cookies: their names, their guards, what is read back."""

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from pesan.web.context import SCOPE_KEY, RequestContext
from pesan.web.cookies import (
    MAX_CODES,
    drop_session,
    remember_code,
    remember_opened,
    remembered_codes,
    session_token,
    write_session,
)
from tests.web.conftest import MakeClient


def request_with(cookie: str = "", scheme: str = "https") -> Request:
    headers = {b"cookie": cookie.encode()}
    scope = {
        "type": "http",
        "headers": list(headers.items()),
        "path": "/",
        "query_string": b"",
        "method": "GET",
    }
    context = RequestContext(scope, headers)
    context.scheme = scheme
    scope[SCOPE_KEY] = context
    return Request(scope)


async def test_guest_cookie_is_set_once_and_recognised(client: httpx.AsyncClient):
    first = await client.get("/api/guest")
    second = await client.get("/api/guest")

    assert first.json() == second.json()
    assert "set-cookie" in first.headers
    assert "set-cookie" not in second.headers


async def test_guest_cookie_on_http_is_plain_and_http_only(client: httpx.AsyncClient):
    cookie = (await client.get("/api/guest")).headers["set-cookie"]

    assert cookie.startswith("pesan_guest=")
    assert cookie.endswith("; HttpOnly; Max-Age=31536000; Path=/; SameSite=lax")


async def test_guest_cookie_on_https_is_bound_to_the_host(make_client: MakeClient):
    client = make_client(base_url="https://tickets.example", site="https://tickets.example")

    cookie = (await client.get("/api/guest")).headers["set-cookie"]

    assert cookie.startswith("__Host-pesan_guest=")
    assert "; Secure" in cookie
    assert "; HttpOnly" in cookie
    assert "domain" not in cookie.lower()


@pytest.mark.parametrize("value", ["short", "x" * 44, "has space in it and is long", "a" * 21 + "é"])
async def test_guest_cookie_forged_oddly_is_replaced(client: httpx.AsyncClient, value: str):
    response = await client.get("/api/guest", headers={"cookie": f"pesan_guest={value}".encode()})

    assert "set-cookie" in response.headers


async def test_page_that_needs_no_guest_sets_no_cookie(client: httpx.AsyncClient):
    assert "set-cookie" not in (await client.get("/api/hello")).headers


def test_session_cookie_ends_with_the_browser():
    response = Response()

    write_session(request_with(), response, "token")

    header = response.headers["set-cookie"]
    assert header == "__Host-pesan_session=token; HttpOnly; Path=/; SameSite=lax; Secure"


def test_session_cookie_without_prefix_is_not_read_on_https():
    assert session_token(request_with("pesan_session=fixed")) == ""
    assert session_token(request_with("__Host-pesan_session=mine; pesan_session=fixed")) == "mine"


def test_session_cookie_dropped_is_over():
    response = Response()

    drop_session(request_with("__Host-pesan_session=mine"), response)

    assert "Max-Age=0" in response.headers["set-cookie"]


def test_codes_are_kept_newest_first_and_capped():
    codes = ".".join(f"CODE{number:09}" for number in range(MAX_CODES))
    request, response = request_with(f"__Host-pesan_codes={codes}"), Response()

    remember_code(request, response, "NEWEST0000000")

    kept = response.headers["set-cookie"].partition(";")[0].partition("=")[2].split(".")
    assert kept == ["NEWEST0000000", *codes.split(".")[: MAX_CODES - 1]]


@pytest.mark.parametrize(
    ("kept", "after"),
    [("", ["OPENED"]), ("OPENED", ["OPENED"]), ("MINE.OPENED", ["OPENED", "MINE"]), ("MINE", None)],
)
def test_link_that_is_opened_pushes_no_code_out(kept: str, after: list[str] | None):
    request, response = request_with(f"__Host-pesan_codes={kept}"), Response()

    remember_opened(request, response, "OPENED")

    told = response.headers.get("set-cookie")
    assert (told and told.partition(";")[0].partition("=")[2].split(".")) == after


def test_codes_of_odd_shape_are_dropped():
    assert remembered_codes(request_with("__Host-pesan_codes=GOOD.{bad}.é.OK1")) == ("GOOD", "OK1")


@pytest.mark.parametrize("cookie", ["=;;=", "a=b;" * 500, "\x7f=1", "pesan_guest"])
async def test_cookie_header_broken_is_no_error(client: httpx.AsyncClient, cookie: str):
    assert (await client.get("/api/guest", headers={"cookie": cookie})).status_code == 200
