"""Static files."""

import gzip
import json
from pathlib import Path

import httpx
import pytest

from pesan.kit.registry import Registry
from pesan.web.assets import Assets
from tests.web.conftest import MakeClient

FOREVER = "public, max-age=31536000, immutable"
CSS = "body { color: red }\n" * 200


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "base.css").write_text(CSS)
    (tmp_path / "icon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    return tmp_path


@pytest.fixture
def assets(folder: Path, registry: Registry) -> Assets:
    return registry.add(Assets, Assets(folder))


@pytest.fixture
def client(assets: Assets, make_client: MakeClient) -> httpx.AsyncClient:
    return make_client()


async def test_file_at_its_own_address_is_kept_forever(client: httpx.AsyncClient, assets: Assets):
    response = await client.get(assets.url("css/base.css"))

    assert (response.status_code, response.text) == (200, CSS)
    assert response.headers["cache-control"] == FOREVER
    assert response.headers["content-type"] == "text/css; charset=utf-8"


async def test_file_is_packed_for_whoever_takes_it(client: httpx.AsyncClient, assets: Assets):
    url = assets.url("css/base.css")
    packed = await client.get(url, headers={"accept-encoding": "gzip"})
    plain = await client.get(url, headers={"accept-encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text


async def test_file_of_an_older_version_is_answered_but_not_kept(client: httpx.AsyncClient):
    response = await client.get("/static/000000000000/css/base.css")

    assert (response.status_code, response.headers["cache-control"]) == (200, "public, no-cache")


async def test_file_known_already_is_not_sent_again(client: httpx.AsyncClient, assets: Assets):
    url = assets.url("icon.svg")
    tag = (await client.get(url)).headers["etag"]

    response = await client.get(url, headers={"if-none-match": tag})

    assert (response.status_code, response.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static/x/css",
        "/static/x/../../settings.py",
        "/static/x/..%2f..%2fsettings.py",
        "/static",
    ],
)
async def test_path_outside_the_folder_is_unknown(client: httpx.AsyncClient, path: str):
    assert (await client.get(path)).status_code == 404


async def test_file_changed_gets_another_address(folder: Path):
    before = Assets(folder).url("icon.svg")
    (folder / "css" / "base.css").write_text("body{}")

    assert Assets(folder).url("icon.svg") != before


def test_file_missing_is_a_mistake_of_the_template(assets: Assets):
    with pytest.raises(KeyError):
        assets.url("nothing.js")


async def test_post_to_a_file_is_refused(client: httpx.AsyncClient, assets: Assets):
    assert (await client.post(assets.url("icon.svg"))).status_code == 404


def test_packed_form_is_the_same_each_time(folder: Path):
    first, second = Assets(folder), Assets(folder)

    assert first._files["css/base.css"] == second._files["css/base.css"]
    assert gzip.decompress(first._files["css/base.css"].packed or b"").decode() == CSS


async def test_file_is_measured_under_one_name(
    client: httpx.AsyncClient, assets: Assets, capfd: pytest.CaptureFixture[str]
):
    await client.get(assets.url("icon.svg"))
    await client.get("/static/x/none.svg")

    (line,) = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert (line["route"], line["status"]) == ("/static/{path}", 404)
