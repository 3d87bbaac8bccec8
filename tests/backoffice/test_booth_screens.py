"""Staff of an outlet pair its booths' screens and take them back; nobody else does."""

import re

import httpx
import pytest

from pesan.audit.queries import list_entries
from pesan.booths.models.devices import BoothDevice
from pesan.booths.screens.queries import list_devices
from pesan.db import Database
from tests.backoffice.conftest import Team
from tests.booths.screens import Screen
from tests.support.booths import Place, make_place
from tests.support.factories import SYSTEM, Make

CODE = re.compile(r"<code>([0-9A-Z]{4}-[0-9A-Z]{4})</code>")


@pytest.fixture
async def place(make: Make, database: Database, team: Team) -> Place:
    return await make_place(make, database, team.merchant)


def page_of(team: Team, place: Place) -> str:
    return f"/backoffice/booths/{team.merchant.slug}/outlets/{place.id}/booths/{place.booths[0].id}/screens"


async def screens_of(database: Database, place: Place) -> list[BoothDevice]:
    async with database.read(SYSTEM) as session:
        return list(await list_devices(session, place.id, place.booths[0].id))


@pytest.mark.parametrize("role", ["staff", "organizer"])
async def test_a_code_is_shown_once_and_pairs_a_screen_that_is_taken_back(
    team: Team, place: Place, database: Database, client: httpx.AsyncClient, role: str
):
    browser, path, screen = await team.sign_in(role), page_of(team, place), Screen(client)

    answer = await browser.submit(path, path)
    shown = CODE.search(answer.text)
    assert shown is not None
    joined = await screen.join(shown[1])
    listed = await browser.get(path)
    (device,) = await screens_of(database, place)
    revoked = await browser.submit(path, f"{path}/{device.id}/revoke")

    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert f"http://127.0.0.1/booth/{place.booths[0].id}</code>" in answer.text
    assert joined.status_code == 201
    assert "Tablet" in listed.text
    assert CODE.search(listed.text) is None
    assert revoked.headers["location"] == f"{path}?done=revoked"
    assert await screens_of(database, place) == []
    assert (await screen.get(f"/booth/{place.booths[0].id}/now")).status_code == 401


async def test_a_screen_gets_another_name_and_says_it_itself(
    team: Team, place: Place, database: Database, client: httpx.AsyncClient
):
    browser, path, screen = await team.sign_in("staff"), page_of(team, place), Screen(client)
    code = CODE.search((await browser.submit(path, path)).text)
    assert code is not None
    await screen.join(code[1])
    (device,) = await screens_of(database, place)

    nameless = await browser.submit(path, f"{path}/{device.id}", {"name": " "})
    unseen = await browser.submit(path, f"{path}/{device.id}", {"name": "Tablet\u2028kiri"})
    renamed = await browser.submit(path, f"{path}/{device.id}", {"name": "Tablet kiri"})
    page = await browser.get(renamed.headers["location"])
    said = await screen.post("/booth/beat", {"app_version": "1"})

    assert (nameless.status_code, unseen.status_code, renamed.headers["location"]) == (
        422,
        422,
        f"{path}?done=renamed",
    )
    assert ('value="Tablet kiri"' in page.text, said.json()["name"]) == (True, "Tablet kiri")
    async with database.read(SYSTEM) as session:
        assert (await list_entries(session, device.id))[-1].entry.action == "booth:device:renamed"


async def test_nobody_else_pairs_renames_or_takes_back(
    team: Team, make: Make, place: Place, database: Database, client: httpx.AsyncClient
):
    """Not staff of another merchant, of another outlet, nor by the address of another booth."""
    browser, path = await team.sign_in("staff"), page_of(team, place)
    code = CODE.search((await browser.submit(path, path)).text)
    assert code is not None
    assert (await Screen(client).join(code[1])).status_code == 201
    (device,) = await screens_of(database, place)
    foreign = await make_place(make, database, team.other)
    theirs = (
        f"/backoffice/booths/{team.merchant.slug}/outlets/{foreign.id}/booths/{foreign.booths[0].id}/screens"
    )
    mixed = path.replace(str(place.booths[0].id), str(foreign.booths[0].id))
    stranger = await team.sign_in("stranger")

    refused = [
        await stranger.submit(path, path),
        await stranger.get(path),
        await browser.submit(path, theirs),
        await browser.submit(path, mixed),
        await browser.submit(path, f"{mixed}/{device.id}/revoke"),
        await browser.submit(path, f"{mixed}/{device.id}", {"name": "Tablet kiri"}),
    ]

    assert {answer.status_code for answer in refused} <= {403, 404}
    assert [each.name for each in await screens_of(database, place)] == ["Tablet"]
