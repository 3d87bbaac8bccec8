"""Where a visitor may be sent."""

import httpx
import pytest

from pesan.web.redirects import safe_next


@pytest.mark.parametrize(
    "value",
    [
        "//evil", "/\\evil", "\\\\evil", "https:evil", "https://evil", "javascript:alert(1)", "evil", "", None,
        "/\n/evil",
        "/\tevil", " /ok", "/ok\r\nSet-Cookie: a=b", "///evil", "/a\\b", "/" + "x" * 2_000, "\x00/ok", "http:///evil",
    ],
)  # fmt: skip
def test_next_elsewhere_is_the_default(value: str | None):
    assert safe_next(value, "/home") == "/home"


@pytest.mark.parametrize("value", ["/", "/b/7QK3ZP9A1BCDE", "/x/a?q=b&c=//d", "/a#b", "/x/https://y"])
def test_next_here_is_kept(value: str):
    assert safe_next(value, "/home") == value


async def test_preferences_are_kept_and_lead_back(client: httpx.AsyncClient):
    response = await client.post("/preferences", data={"lang": "en", "next": "/page"})

    assert (response.status_code, response.headers["location"]) == (303, "/page")
    assert response.cookies["pesan_lang"] == "en"


async def test_preferences_unknown_are_dropped(client: httpx.AsyncClient):
    response = await client.post("/preferences", data={"lang": "xx", "theme": "neon", "next": "//evil"})

    assert response.headers["location"] == "/"
    assert "set-cookie" not in response.headers
