"""What phones install: manifests whose icons are there, as large as they say, and workers that keep apart."""

import io
import re
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tools.icons import ICONS, ROUND, STATIC, draw

MANIFESTS = ("/manifest.webmanifest", "/jastip/manifest.webmanifest", "/gate/manifest.webmanifest")
WORKERS = {"/sw.js": ("offline", "/", "/offline"), "/jastip/sw.js": ("jastip", "/jastip", "/jastip/offline")}


@pytest.mark.parametrize("path", MANIFESTS)
async def test_icons_of_a_manifest_are_what_it_says(client: httpx.AsyncClient, path: str):
    icons = (await client.get(path)).json()["icons"]

    drawn = [(await client.get(icon["src"]), icon) for icon in icons]
    assert [icon["purpose"] for icon in icons] == ["any", "any", "any", "maskable"]
    assert [(answer.status_code, answer.headers["content-type"]) for answer, _ in drawn] == [
        (200, icon["type"]) for icon in icons
    ]
    assert ["x".join(map(str, Image.open(io.BytesIO(answer.content)).size)) for answer, _ in drawn[1:]] == [
        icon["sizes"] for icon in icons[1:]
    ]


def test_what_masks_cut_off_is_ground_and_the_ticket_is_inside():
    icon = Image.open(STATIC / "icon-maskable-512.png").convert("RGBA")
    ground = icon.getpixel((0, 0))

    outside = {
        icon.getpixel((x, y))
        for x in range(0, 512, 4)
        for y in range(0, 512, 4)
        if (x - 256) ** 2 + (y - 256) ** 2 > 205**2
    }
    assert (ground, outside) == ((0x5A, 0x36, 0xD6, 255), {ground})


@pytest.mark.parametrize("name", ICONS)
def test_icons_are_those_of_the_drawing(name: str):
    edge, corners = ICONS[name]
    drawing = Path(STATIC / "icon.svg").read_text()

    assert Image.open(io.BytesIO(draw(drawing.replace(ROUND, corners), edge))).tobytes() == (
        Image.open(STATIC / name).tobytes()
    )


@pytest.mark.parametrize("path", WORKERS)
async def test_each_worker_keeps_its_own_page_below_its_scope(client: httpx.AsyncClient, path: str):
    answer = await client.get(path)

    name, scope, page = WORKERS[path]
    said = dict(re.findall(r'^const (PREFIX|SCOPE|PAGE) = [`"](.+)[`"];$', answer.text, re.MULTILINE))
    assert said == {"PREFIX": f"pesan-{name}-", "SCOPE": scope, "PAGE": page}
    assert (answer.headers["service-worker-allowed"], answer.headers["cache-control"]) == (scope, "no-cache")
    assert "__" not in answer.text
    assert (await client.get(page)).status_code == 200


async def test_a_phone_without_manifests_finds_an_icon(client: httpx.AsyncClient):
    page = (await client.get("/offline")).text

    found = re.search(r'rel="apple-touch-icon" href="([^"]+)"', page)
    assert found
    icon = Image.open(io.BytesIO((await client.get(found[1])).content)).convert("RGBA")
    assert (icon.size, icon.getpixel((0, 0))[3]) == ((180, 180), 255)
