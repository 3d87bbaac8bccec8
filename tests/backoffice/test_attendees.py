"""The attendees of an event: found by what people remember, guarded as the data they are."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text

from pesan.backoffice.queries.attendees import Wanted, list_attendees
from pesan.db import Actor
from pesan.orders.models import Order
from pesan.settings import Settings
from pesan.tickets.models import Ticket
from pesan.tickets.queries import list_tickets
from tests.backoffice.conftest import Team
from tests.backoffice.sales import Till, line, working
from tests.support.factories import SYSTEM
from tests.support.queries import CountQueries


@pytest.fixture
async def till(team: Team, settings: Settings) -> AsyncIterator[Till]:
    async with working(settings, team) as till:
        yield till


def address(team: Team) -> str:
    return f"{team.path}/events/{team.event.short_id}/attendees"


async def ticket_of(team: Team, order: Order) -> Ticket:
    async with team.database.read(SYSTEM) as session:
        return (await list_tickets(session, order.id))[0]


async def names(team: Team, actor: Actor = SYSTEM, **wanted: Any) -> list[str]:
    async with team.database.read(actor) as session:
        page = await list_attendees(session, team.event, Wanted(**wanted))
    return [found.ticket.holder_name for found in page.items]


async def test_attendees_are_found_by_name_codes_contacts_type_and_state(team: Team, till: Till) -> None:
    vip, regular = (
        await team.make.ticket_type(team.event, name="VIP"),
        await team.make.ticket_type(team.event),
    )
    budi = await till.completed(
        team.event, buyer_name="Budi Santoso", wa="+6281234567890", lines=(line(vip),)
    )
    await till.refunded(team.event, buyer_name="Siti 100% Rahma", lines=(line(regular),))
    code = (await ticket_of(team, budi)).code

    found = {
        search: await names(team, search=search)
        for search in ("budi", "0812 3456 7890", budi.code, code.lower(), code[-4:], "100%", "%", code[:8])
    }

    assert found == {
        "budi": ["Budi Santoso"],
        "0812 3456 7890": ["Budi Santoso"],
        budi.code: ["Budi Santoso"],
        code.lower(): ["Budi Santoso"],
        code[-4:]: ["Budi Santoso"],
        "100%": ["Siti 100% Rahma"],
        "%": ["Siti 100% Rahma"],
        code[:8]: [],
    }
    assert await names(team, type_id=vip.id) == ["Budi Santoso"]
    assert await names(team, state="void") == ["Siti 100% Rahma"]


async def test_list_pages_by_name_without_losing_namesakes(team: Team, till: Till) -> None:
    for name in ("Siti", "andi", "Budi", "Budi", "Zaki"):
        await till.completed(team.event, buyer_name=name)

    seen: list[str] = []
    cursor = None
    async with team.database.read(SYSTEM) as session:
        for _ in range(3):
            page = await list_attendees(session, team.event, Wanted(), cursor=cursor, limit=2)
            seen += [found.ticket.holder_name for found in page.items]
            cursor = page.next_cursor

    assert (seen, cursor) == (["andi", "Budi", "Budi", "Siti", "Zaki"], None)


async def test_attendees_of_another_merchant_are_nobodys(team: Team, till: Till) -> None:
    await till.completed(team.event, buyer_name="Budi Santoso")
    stranger = Actor.staff(team.other.id, frozenset({team.other.id}))

    assert (await names(team), await names(team, stranger)) == (["Budi Santoso"], [])


@pytest.mark.parametrize(
    ("role", "seen", "taken"),
    [("staff", 200, 200), ("organizer", 200, 200), ("admin", 200, 200), ("stranger", 404, 404)],
)
async def test_attendees_by_role(team: Team, role: str, seen: int, taken: int) -> None:
    browser = await team.sign_in(role)
    page = address(team)

    shown = await browser.get(page)
    answer = await browser.submit("/backoffice/account", f"{page}/export?format=csv")

    assert (shown.status_code, answer.status_code) == (seen, taken)
    assert ("/attendees/export?" in shown.text) is (taken == 200)


async def test_event_of_another_merchant_has_no_attendees_under_ones_own(team: Team) -> None:
    theirs = await team.make.event(team.other)
    page = f"{team.path}/events/{theirs.short_id}/attendees"
    browser = await team.sign_in("admin")

    shown = await browser.get(page)
    taken = await browser.submit("/backoffice/account", f"{page}/export?format=csv")

    assert (shown.status_code, taken.status_code) == (404, 404)
    assert await exports(team) == []


@pytest.mark.parametrize(("role", "is_open"), [("staff", False), ("organizer", True)])
async def test_staff_see_contacts_and_codes_masked(team: Team, till: Till, role: str, is_open: bool) -> None:
    order = await till.completed(team.event, wa="+6281234567890", email="budi@contoh.example")
    ticket = await ticket_of(team, order)
    browser = await team.sign_in(role)

    page = (await browser.get(address(team))).text

    assert ticket.holder_name in page
    assert f"{team.path}/bookings/{order.code if is_open else order.id}" in page
    assert f"…{ticket.code[-4:]}" in page or is_open
    assert [
        secret in page for secret in (ticket.code, order.code, "budi@contoh.example", "812-3456-7890")
    ] == [is_open] * 4


async def test_page_shows_what_was_searched_and_says_when_nothing_is_there(team: Team, till: Till) -> None:
    browser = await team.sign_in("staff")
    page = address(team)

    empty = (await browser.get(page)).text
    await till.completed(team.event, buyer_name='Budi <b>"Tebal"</b>')
    found = (await browser.get(f"{page}?q=budi&state=active&type=nonsense")).text
    none = (await browser.get(f"{page}?q=tidakada")).text
    bad = await browser.get(f"{page}?after=nonsense")

    assert "Belum ada peserta" in empty
    assert 'value="budi"' in found
    assert "Budi &lt;b&gt;" in found
    assert "Tidak ada yang cocok" in none
    assert bad.status_code == 400


@pytest.mark.parametrize("count", [1, 3])
async def test_page_asks_the_same_questions_however_many_come(
    team: Team, till: Till, count: int, count_page_queries: CountQueries
) -> None:
    for _ in range(count):
        await till.completed(team.event)
    browser = await team.sign_in("staff")

    with count_page_queries() as statements:
        answer = await browser.get(address(team))

    assert (answer.text.count('<td class="lead">'), len(statements)) == (count, 8)


async def test_export_is_disarmed_narrowed_and_audited(team: Team, till: Till) -> None:
    seated = await team.make.ticket_type(team.event, name="Tribun", is_seated=True)
    first, second = await team.make.seats(seated, 2)
    order = await till.completed(
        team.event, buyer_name="=Budi", wa="+6281234567890", lines=(line(seated, 1, first),)
    )
    await till.completed(team.event, buyer_name="Siti", lines=(line(seated, 1, second),))
    ticket = await ticket_of(team, order)
    browser = await team.sign_in("organizer")

    answer = await browser.submit(address(team), f"{address(team)}/export?format=csv&q=budi")
    sheet = await browser.submit(address(team), f"{address(team)}/export?format=xlsx")

    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert answer.headers["content-disposition"].startswith(
        f'attachment; filename="peserta-{team.event.short_id}-kopi-senja-'
    )
    assert [row[:8] for row in rows] == [
        ["Nama", "Jenis", "Kursi", "Status", "Kode tiket", "Kode pesanan", "Pembeli", "WhatsApp"],
        ["'=Budi", "Tribun", "A 1-1", "Berlaku", ticket.code, order.code, "'=Budi", "'+6281234567890"],
    ]
    assert sheet.content[:2] == b"PK"
    event = {"event": team.event.short_id}
    assert await exports(team) == [
        {"format": "csv", "rows": 1, "filters": ["q"], **event},
        {"format": "xlsx", "rows": 2, "filters": [], **event},
    ]


async def test_staff_take_the_list_out_with_masked_contacts(team: Team, till: Till) -> None:
    order = await till.completed(
        team.event, buyer_name="Siti", wa="+6281234567890", email="siti.rahma@contoh.id"
    )
    ticket = await ticket_of(team, order)
    browser = await team.sign_in("staff")

    answer = await browser.submit(address(team), f"{address(team)}/export?format=csv")

    (_, row) = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (row[0], row[4], row[5]) == ("Siti", f"…{ticket.code[-4:]}", f"…{order.code[-4:]}")
    secrets = (ticket.code, order.code, "81234567890", "siti.rahma")
    assert [secret in answer.text for secret in secrets] == [False] * 4
    assert (await exports(team))[0]["contacts"] == "masked"


async def exports(team: Team) -> list[dict[str, Any]]:
    """What the audit says was taken out."""
    query = text("SELECT data FROM audit_entries WHERE action = 'merchant:attendees:exported' ORDER BY seq")
    async with team.database.read(SYSTEM) as session:
        return [row[0] for row in await session.execute(query)]
