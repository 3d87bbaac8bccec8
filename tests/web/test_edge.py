"""What is true of every answer."""

import re

import httpx
import pytest

from tests.web.conftest import MakeClient

STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


async def test_answer_carries_server_time_and_request_id(client: httpx.AsyncClient):
    response = await client.get("/api/hello")

    assert STAMP.match(response.headers["x-server-time"])
    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["x-request-id"])


async def test_error_answer_carries_server_time_and_request_id(client: httpx.AsyncClient):
    response = await client.get("/no/such/page")

    assert STAMP.match(response.headers["x-server-time"])
    assert response.json()["request_id"] == response.headers["x-request-id"]


async def test_request_id_sane_is_kept(client: httpx.AsyncClient):
    response = await client.get("/api/hello", headers={"X-Request-Id": "gate-7.abc_123"})

    assert response.headers["x-request-id"] == "gate-7.abc_123"


@pytest.mark.parametrize("given", ["short", "x" * 65, "a b c d e f g", "-leading-dash", 'quote"quote"'])
async def test_request_id_odd_is_replaced(client: httpx.AsyncClient, given: str):
    response = await client.get("/api/hello", headers={"X-Request-Id": given})

    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["x-request-id"])


async def test_traceparent_given_is_continued(client: httpx.AsyncClient):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"

    response = await client.get("/api/hello", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})

    version, same, span, flags = response.headers["traceparent"].split("-")
    assert (version, same, flags) == ("00", trace, "01")
    assert span != "00f067aa0ba902b7"


@pytest.mark.parametrize(
    "path",
    ["/api/hello%00", "/api/hello?q=%00", "/api/hello%0a", "/%ef%bf%bd", "/api/hello%1b[31m", "/a%c2%85b"],
)
async def test_path_with_control_characters_is_refused(client: httpx.AsyncClient, path: str):
    response = await client.get(path)

    assert (response.status_code, response.json()["code"]) == (400, "http.bad_request")


async def test_path_with_indonesian_text_is_only_unknown(client: httpx.AsyncClient):
    assert (await client.get("/x/kopi-é-日本")).status_code == 404


async def test_head_answers_like_get_without_body(client: httpx.AsyncClient):
    full = await client.get("/api/hello", headers={"accept-encoding": "identity"})
    head = await client.head("/api/hello", headers={"accept-encoding": "identity"})

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(full.content))


async def test_head_of_a_stream_ends(client: httpx.AsyncClient):
    response = await client.head("/api/endless", timeout=5)

    assert (response.status_code, response.headers["content-type"]) == (
        200,
        "text/event-stream; charset=utf-8",
    )


async def test_method_unknown_to_route_names_those_that_are(client: httpx.AsyncClient):
    response = await client.delete("/api/echo")

    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert response.json()["code"] == "http.method_not_allowed"


async def test_slash_at_the_end_is_not_redirected(client: httpx.AsyncClient):
    assert (await client.get("/api/hello/")).status_code == 404


async def test_path_parameter_that_names_nothing_is_not_found(client: httpx.AsyncClient):
    response = await client.get("/api/things/not-a-number")

    assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_foreign_origin_gets_no_cors_header(client: httpx.AsyncClient):
    response = await client.get("/api/hello", headers={"Origin": "https://evil.example"})

    assert [name for name in response.headers if name.startswith("access-control")] == []


async def test_preflight_is_not_answered(client: httpx.AsyncClient):
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}

    assert (await client.options("/api/echo", headers=headers)).status_code == 405


@pytest.mark.parametrize(
    "site", ["http://evil.example", "http://127.0.0.1.evil.example", "http://localhost.evil"]
)
async def test_host_unknown_is_misdirected(make_client: MakeClient, site: str):
    response = await make_client(site=site).get("/api/hello")

    assert (response.status_code, response.json()["code"]) == (421, "http.unknown_host")


@pytest.mark.parametrize("host", ["", "127.0.0.1:port", "user@127.0.0.1", "127.0.0.1/path", "[::1"])
async def test_host_broken_is_refused(client: httpx.AsyncClient, host: str):
    response = await client.get("/api/hello", headers={"Host": host})

    assert response.status_code == 400


async def test_host_doubled_is_refused(client: httpx.AsyncClient):
    response = await client.get("/api/hello", headers=[("Host", "127.0.0.1"), ("Host", "127.0.0.1")])

    assert response.status_code == 400


@pytest.mark.parametrize(
    "host", ["tickets.example", "TICKETS.example", "tickets.example:8443", "a.shop.example"]
)
async def test_host_listed_is_served(make_client: MakeClient, host: str):
    client = make_client(trusted_hosts=("tickets.example", "*.shop.example"))

    assert (await client.get("/api/hello", headers={"Host": host})).status_code == 200


async def test_host_local_is_unknown_in_production(make_client: MakeClient):
    client = make_client(environment="production", base_url="https://tickets.example")

    assert (await client.get("/api/hello")).status_code == 421
    assert (await client.get("/healthz")).status_code == 200
