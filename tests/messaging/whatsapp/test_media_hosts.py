import httpx
import pytest

from pesan.messaging.whatsapp.media import is_metas

GRAPH = httpx.URL("https://graph.facebook.com")


@pytest.mark.parametrize(
    "url",
    [
        "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1",
        "https://scontent.xx.fbcdn.net/a",
        "https://mmg.whatsapp.net:443/a",
        "https://FBSBX.com/a",
        "https://graph.facebook.com/a",
    ],
)
def test_metas_stores_get_the_token(url):
    assert is_metas(httpx.URL(url), GRAPH)


@pytest.mark.parametrize(
    "url",
    [
        "http://lookaside.fbsbx.com/a",
        "https://lookaside.fbsbx.com:8443/a",
        "https://evilfbsbx.com/a",
        "https://fbsbx.com.evil.example/a",
        "https://evil.example/fbsbx.com",
        "https://evil.example#.fbsbx.com",
        "https://evil.example\\@lookaside.fbsbx.com/a",
        "https://a:b@lookaside.fbsbx.com/a",
        "http://graph.facebook.com/a",
        "https://graph.facebook.com:8443/a",
        "ftp://lookaside.fbsbx.com/a",
        "/a",
        "",
    ],
)
def test_nobody_else_does(url):
    assert not is_metas(httpx.URL(url), GRAPH)
