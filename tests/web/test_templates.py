"""What a template sees."""

from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from pesan.kit.registry import Registry
from pesan.web.access import Who, allow
from pesan.web.assets import Assets
from pesan.web.pages import render
from pesan.web.templates import Templates
from tests.web.conftest import MakeClient

PAGE = """{{ locale }}|{{ theme }}|{{ t("Halo", "Hello") }}|{{ _("{n} tiket", "{n} tickets", n=2) }}
{{ rupiah(150000) }}|{{ "<b>" }}|{{ here }}|{% if brand %}x{% endif %}|{{ t("<i>", "<i>") }}
"""

router = APIRouter(dependencies=[allow(Who.PUBLIC)])


@router.get("/rendered")
async def rendered(request: Request) -> HTMLResponse:
    return render(request, "demo/page.html")


@pytest.fixture
def client(make_client: MakeClient, registry: Registry, tmp_path: Path) -> httpx.AsyncClient:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "page.html").write_text(PAGE)
    registry.add(Templates, Templates([tmp_path], Assets(tmp_path)))
    return make_client(routers=(router,))


async def test_template_is_indonesian_by_default_and_escaped(client: httpx.AsyncClient):
    lines = (await client.get("/rendered")).text.splitlines()

    assert lines == ["id||Halo|2 tiket", "Rp\u00a0150.000|&lt;b&gt;|/rendered||&lt;i&gt;"]


@pytest.mark.parametrize(
    ("headers", "locale"),
    [
        ({"accept-language": "en-GB,en;q=0.9"}, "en"),
        ({"accept-language": "id-ID,id;q=0.9,en;q=0.8"}, "id"),
        ({"accept-language": "fr"}, "id"),
        ({"accept-language": "id", "cookie": "pesan_lang=en"}, "en"),
        ({"accept-language": "en", "cookie": "pesan_lang=id"}, "id"),
        ({"accept-language": "en", "cookie": "pesan_lang=xx"}, "en"),
    ],
)
async def test_template_speaks_the_chosen_language(
    client: httpx.AsyncClient, headers: dict[str, str], locale: str
):
    assert (await client.get("/rendered", headers=headers)).text.split("|")[0] == locale


async def test_template_knows_the_chosen_colours(client: httpx.AsyncClient):
    dark = (await client.get("/rendered", headers={"cookie": "pesan_theme=dark"})).text
    odd = (await client.get("/rendered", headers={"cookie": 'pesan_theme="><script>'})).text

    assert dark.split("|")[1] == "dark"
    assert odd.split("|")[1] == ""
