"""Bodies that are too much, too strange, or of the wrong kind."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.types import Message

from pesan.web.bodies import SMALL_BODY_BYTES
from tests.web.conftest import MakeApp, MakeClient

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
GOOD = b'{"name": "Budi", "qty": 1}'


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "Budi", "qty": NaN}',
        b'{"name": "Budi", "qty": 1e999}',
        b'{"name": "Budi", "qty": -Infinity}',
        b'{"name": "\\ud800abc", "qty": 1}',
        b'{"name": "\xff\xfe\xfd", "qty": 1}',
        b"[" * 100_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"name": "Budi", "qty": ' + b"9" * 5_000 + b"}",
        b"\xef\xbb\xbf" + GOOD,
        b'{"name": "Budi", "qty": 1} trailing',
        b"{'name': 'Budi'}",
        b"null,",
    ],
    ids=range(12),
)
async def test_json_that_is_none_is_refused(client: httpx.AsyncClient, body: bytes):
    response = await client.post("/api/echo", content=body, headers=JSON)

    assert (response.status_code, response.json()["code"]) == (400, "http.bad_request")


@pytest.mark.parametrize(
    "body", [b'{"name": "Bu\\u0000di", "qty": 1}', b'{"na\\u0000me": "Budi", "qty": [["\\u0000"]]}']
)
async def test_json_with_nul_is_refused(client: httpx.AsyncClient, body: bytes):
    response = await client.post("/api/echo", content=body, headers=JSON)

    assert (response.status_code, response.json()["code"]) == (422, "http.unusable_text")


async def test_json_that_only_looks_like_nul_is_taken(client: httpx.AsyncClient):
    response = await client.post("/api/echo", content=b'{"name": "Budi \\\\u0000", "qty": 1}', headers=JSON)

    assert (response.status_code, response.json()) == (201, {"name": "Budi \\u0000"})


@pytest.mark.parametrize("value", [0, -1, 1e308, "1", 2**63, 10**30, 1.5, None, [], {}, True])
async def test_quantity_of_any_other_kind_is_refused_or_one(client: httpx.AsyncClient, value: object):
    response = await client.post(
        "/api/echo", content=json.dumps({"name": "Budi", "qty": value}), headers=JSON
    )

    assert (
        response.status_code == (201 if value in {"1", True} else 422)
        if not isinstance(value, (list, dict))
        else 422
    )


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json", ""],
)
async def test_json_under_another_name_is_refused(client: httpx.AsyncClient, kind: str):
    headers = {"content-type": kind} if kind else {}

    response = await client.post("/api/echo", content=GOOD, headers=headers)

    assert (response.status_code, response.json()["code"]) == (415, "http.unsupported_media_type")


async def test_json_with_suffix_and_charset_is_taken(client: httpx.AsyncClient):
    headers = {"content-type": "application/vnd.pesan+json; charset=utf-8"}

    assert (await client.post("/api/echo", content=GOOD, headers=headers)).status_code == 201


async def test_body_missing_names_the_field(client: httpx.AsyncClient):
    response = await client.post("/api/echo")

    assert (response.status_code, response.json()["errors"]) == (
        422,
        [{"pointer": "#/", "detail": "Wajib diisi."}],
    )


async def test_body_declared_too_large_is_refused_unread(client: httpx.AsyncClient):
    response = await client.post("/api/echo", content=b" " * (SMALL_BODY_BYTES + 1), headers=JSON)

    assert (response.status_code, response.json()["code"]) == (413, "http.body_too_large")
    assert response.headers["connection"] == "close"


async def test_body_chunked_too_large_is_refused_on_the_way(client: httpx.AsyncClient):
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 65_536
            yield b" " * 65_536

    response = await client.post("/api/echo", content=endless(), headers=JSON)

    assert response.status_code == 413
    assert taken <= SMALL_BODY_BYTES + 2 * 65_536


async def test_upload_chunked_too_large_is_refused_on_the_way(make_client: MakeClient):
    client = make_client(max_body_bytes=100_000)
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'

    async def endless() -> AsyncIterator[bytes]:
        yield part
        for _ in range(100):
            yield b"a" * 10_000

    headers = {"content-type": "multipart/form-data; boundary=x"}
    response = await client.post("/api/upload", content=endless(), headers=headers)

    assert (response.status_code, response.json()["code"]) == (413, "http.body_too_large")


async def test_upload_within_the_cap_arrives_whole(client: httpx.AsyncClient):
    response = await client.post("/api/upload", files={"file": ("a.bin", b"a" * 300_000)})

    assert (response.status_code, response.json()) == (200, {"size": 300_000})


@pytest.mark.parametrize("body", [b"name=a%00b", b"name=%ff%fe", b"name=a\x00b"])
async def test_form_with_nul_or_broken_text_is_refused(client: httpx.AsyncClient, body: bytes):
    response = await client.post("/page/form", content=body, headers=FORM)

    assert response.status_code in {400, 422}


async def test_content_length_that_is_no_number_is_refused(client: httpx.AsyncClient):
    response = await client.post("/api/echo", content=GOOD, headers={**JSON, "content-length": "-5"})

    assert response.status_code == 400


async def test_validation_error_repeats_nothing_that_was_typed(client: httpx.AsyncClient):
    response = await client.post("/api/echo", json={"name": "x", "qty": "canary-0812", "wa": "+62812345"})

    assert response.json()["errors"] == [
        {"pointer": "#/name", "detail": "Minimal 3 karakter."},
        {"pointer": "#/qty", "detail": "Harus berupa angka bulat."},
        {"pointer": "#/wa", "detail": "Isian ini tidak dikenal."},
    ]
    assert "canary" not in response.text


async def test_validation_error_speaks_the_readers_language(client: httpx.AsyncClient):
    headers = {"Accept-Language": "en-GB,en;q=0.9"}

    response = await client.post("/api/echo", json={"name": "x", "qty": 1}, headers=headers)

    assert response.json()["errors"] == [{"pointer": "#/name", "detail": "At least 3 characters."}]


async def test_body_cut_off_is_not_taken_for_a_whole_one(make_app: MakeApp):
    """A form that lost its end may still read like a form."""
    messages: list[Message] = [
        {"type": "http.request", "body": b"lang=en&theme=da", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [
        (b"host", b"127.0.0.1"),
        (b"content-type", FORM["content-type"].encode()),
        (b"content-length", b"40"),
    ]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/preferences",
        "query_string": b"",
        "headers": headers,
    }
    await make_app()(
        {**scope, "client": ("203.0.113.9", 1), "scheme": "http", "root_path": ""}, receive, send
    )

    assert sent[0]["status"] == 400
