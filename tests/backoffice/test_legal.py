"""Legal pages in the back office: previewed, published, and read by whoever buys."""

import pytest

from pesan.tenancy.legal.queries import list_versions
from pesan.tenancy.legal.states import LegalKind
from tests.backoffice.conftest import Team
from tests.support.factories import SYSTEM

NEW = {
    "body_id": "## Aturan baru\n\nDatang tepat waktu, <script>ya</script> supaya tidak antre lama.",
    "body_en": "## New rules\n\nCome on time, please, so that nobody has to queue for long.",
}


async def numbers(team: Team) -> list[int]:
    async with team.database.read(SYSTEM) as session:
        return [found.number for found in await list_versions(session, team.merchant.id, LegalKind.TERMS)]


async def test_preview_shows_the_page_and_keeps_nothing(team: Team) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/legal/terms"

    answer = await browser.submit(page, f"{page}/preview", NEW)

    assert answer.status_code == 200
    assert "<h2>Aturan baru</h2>" in answer.text
    assert "<script>ya" not in answer.text
    assert await numbers(team) == [1]


async def test_published_page_is_read_by_buyers_and_the_old_one_by_its_number(team: Team) -> None:
    browser = await team.sign_in("organizer")
    page, public = f"{team.path}/legal/terms", f"/m/{team.merchant.slug}/legal/terms"

    answer = await browser.submit(page, page, NEW)
    guest = await team.open_browser()
    shown, earlier = await guest.get(public), await guest.get(f"{public}?version=1")

    assert answer.headers["location"] == f"{page}?saved=true"
    assert await numbers(team) == [2, 1]
    assert ["<h2>Aturan baru</h2>" in found.text for found in (shown, earlier)] == [True, False]
    assert "&lt;script&gt;ya&lt;/script&gt;" in shown.text
    assert "Ini versi lama." in earlier.text


async def test_too_short_a_text_is_refused(team: Team) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/legal/terms"

    answer = await browser.submit(page, page, NEW | {"body_en": "No."})

    assert answer.status_code == 422
    assert await numbers(team) == [1]


@pytest.mark.parametrize(("role", "status"), [("staff", 403), ("stranger", 404), ("admin", 200)])
async def test_legal_pages_are_edited_by_whom_they_concern(team: Team, role: str, status: int) -> None:
    browser = await team.sign_in(role)

    found = [await browser.get(f"{team.path}/legal{end}") for end in ("", "/privacy")]

    assert [answer.status_code for answer in found] == [status] * 2


async def test_page_that_never_was_is_not_found(team: Team) -> None:
    guest = await team.open_browser()
    base = f"/m/{team.merchant.slug}/legal"

    found = [await guest.get(f"{base}/{end}") for end in ("imprint", "terms?version=2", "terms?version=x")]

    assert [answer.status_code for answer in found] == [404] * 3
