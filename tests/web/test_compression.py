"""Packing answers."""

import httpx

GZIP = {"accept-encoding": "gzip"}


async def test_page_is_packed(client: httpx.AsyncClient):
    packed = await client.get("/page", headers=GZIP)

    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert int(packed.headers["content-length"]) == packed.num_bytes_downloaded
    assert packed.text.count("<p>isi</p>") == 300


async def test_page_is_plain_for_whoever_asks_so(client: httpx.AsyncClient):
    response = await client.get("/page", headers={"accept-encoding": "identity"})

    assert "content-encoding" not in response.headers


async def test_small_answer_is_not_packed(client: httpx.AsyncClient):
    response = await client.get("/api/hello", headers=GZIP)

    assert "content-encoding" not in response.headers
    assert response.json()["scheme"] == "http"


async def test_stream_is_not_packed(client: httpx.AsyncClient):
    response = await client.get("/api/stream", headers=GZIP)

    assert "content-encoding" not in response.headers
    assert response.text == "data: 1\n\ndata: 2\n\n"
