"""The live board of an event's gates: what it counts, whom it shows what, and what it costs."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from pesan.backoffice.views.gate_board import gate_charts, minute_table
from pesan.db import Actor
from pesan.gates.board import Board, Crowd, Wanted, list_scans, load_board, read_version
from pesan.gates.states import Direction, Result
from pesan.settings import Settings
from tests.backoffice.conftest import Team
from tests.backoffice.doors import LAST_MINUTE, Doors
from tests.backoffice.sales import Till, line, working
from tests.backoffice.test_team import limit_to
from tests.support.queries import CountQueries


@pytest.fixture
async def till(team: Team, settings: Settings) -> AsyncIterator[Till]:
    async with working(settings, team) as till:
        yield till


@pytest.fixture
async def doors(team: Team, till: Till) -> Doors:
    doors = Doors(team, till)
    await doors.gate()
    return doors


def staff_of(team: Team) -> Actor:
    return Actor.staff(team.merchant.id, frozenset({team.merchant.id}))


def address(team: Team, query: str = "") -> str:
    return f"{team.path}/events/{team.event.short_id}/gates/board{query}"


async def load(doors: Doors, actor: Actor | None = None) -> Board:
    async with doors.team.database.read(actor or staff_of(doors.team)) as session:
        return await load_board(session, doors.event, now=LAST_MINUTE + timedelta(seconds=90))


async def found(doors: Doors, actor: Actor | None = None, **wanted) -> list[str]:
    async with doors.team.database.read(actor or staff_of(doors.team)) as session:
        page = await list_scans(session, doors.event, Wanted(**wanted))
    return [row.ticket.holder_name if row.ticket else "" for row in page.items]


async def test_people_are_counted_where_they_are(team: Team, doors: Doors, till: Till) -> None:
    inside, left, _absent = [await doors.ticket(name=f"Tamu {each}") for each in ("Satu", "Dua", "Tiga")]
    gone = await team.make.ticket_type(doors.event, name="Batal")
    await till.refunded(doors.event, lines=(line(gone),))
    await doors.stand(inside)
    await doors.stand(left, is_inside=False, seq=2)

    crowds = (await load(doors)).crowds

    assert crowds == [
        Crowd("Reguler", 1, 1, 0, 0),
        Crowd("Reguler", 1, 0, 1, 0),
        Crowd("Reguler", 1, 0, 0, 1),
        Crowd("Batal", 0, 0, 0, 0),
    ]


async def test_minutes_have_the_entries_that_count_and_no_others(doors: Doors) -> None:
    south = await doors.gate("Pintu Selatan", "HP Rini")
    budi, siti, late = [await doors.ticket(name=name) for name in ("Budi", "Siti", "Dewi")]
    await doors.scan(budi)
    await doors.scan(budi, south, result="duplicate")
    await doors.scan(siti, south)
    await doors.scan(siti, south, direction=Direction.EXIT.value)
    await doors.scan(late, scanned_at=LAST_MINUTE - timedelta(minutes=59))
    await doors.scan(None, shown="invalid", reason="forged")

    board = await load(doors)
    charts, ceiling = gate_charts(board, "Asia/Jakarta", "id")

    assert [(chart.name, chart.total, chart.latest) for chart in charts] == [
        ("Pintu Selatan", 1, 1),
        ("Pintu Utara", 1, 1),
    ]
    assert (ceiling, [counts for _, counts in minute_table(charts)]) == (1, [[1, 1]])
    assert board.shown == {"ok": 5, "invalid": 1}
    assert [row.scan.reason for row in board.refused] == ["forged"]


async def test_scans_are_found_by_name_code_result_and_gate(doors: Doors) -> None:
    south = await doors.gate("Pintu Selatan", "HP Rini")
    budi, siti = await doors.ticket(), await doors.ticket("Siti 100% Rahma")
    await doors.scan(budi)
    await doors.scan(siti, south)
    await doors.scan(siti, south, shown="duplicate")
    await doors.scan(None, shown="invalid", reason="unreadable")

    assert await found(doors) == ["", "Siti 100% Rahma", "Siti 100% Rahma", "Budi Santoso"]
    assert await found(doors, search="%") == ["Siti 100% Rahma"] * 2
    assert await found(doors, search=budi.code) == ["Budi Santoso"]
    assert await found(doors, search=budi.code[-4:]) == ["Budi Santoso"]
    assert await found(doors, search=budi.code[:8]) == []
    assert await found(doors, result=Result.DUPLICATE) == ["Siti 100% Rahma"]
    assert await found(doors, result="refused") == ["", "Siti 100% Rahma"]
    assert await found(doors, gate_id=south.gate_id) == ["Siti 100% Rahma"] * 2


async def test_scans_page_without_losing_any(doors: Doors) -> None:
    at = datetime.now(UTC)
    tickets = [await doors.ticket(name=f"Tamu {number}") for number in "abc"]
    scans = [await doors.scan(ticket, received_at=at) for ticket in tickets]

    seen, cursor = [], None
    async with doors.team.database.read(staff_of(doors.team)) as session:
        for _ in range(2):
            page = await list_scans(session, doors.event, Wanted(), cursor=cursor, limit=2)
            seen += [row.scan.id for row in page.items]
            cursor = page.next_cursor

    assert (seen, cursor) == ([scan.id for scan in reversed(scans)], None)


async def test_nothing_of_another_merchant_is_on_the_board(team: Team, till: Till) -> None:
    theirs = Doors(team, till, await team.make.event(team.other))
    await theirs.gate()
    ticket = await theirs.ticket()
    scan = await theirs.scan(ticket, shown="duplicate")
    await theirs.stand(ticket)
    await theirs.conflict(ticket, scan)

    seen, whole = await load(theirs), await load(theirs, Actor.system("tests"))

    assert (whole.open_conflicts, len(whole.gates), len(whole.devices), whole.shown) == (
        1,
        1,
        1,
        {"duplicate": 1},
    )
    assert (seen.open_conflicts, seen.gates, seen.devices, seen.shown) == (0, [], [], {})
    assert (seen.crowds, seen.refused, await found(theirs)) == ([], [], [])


async def test_version_differs_with_every_scan_and_conflict(doors: Doors) -> None:
    async def version() -> str:
        async with doors.team.database.read(staff_of(doors.team)) as session:
            return await read_version(session, doors.event)

    ticket, versions = await doors.ticket(), [await version()]
    scan = await doors.scan(ticket)
    versions.append(await version())
    await doors.stand(ticket)
    versions.append(await version())
    await doors.conflict(ticket, scan)
    versions.append(await version())

    assert len(set(versions)) == 4


async def test_page_shows_who_came_and_how_the_devices_are(team: Team, doors: Doors) -> None:
    now = datetime.now(UTC)
    await doors.gate("Pintu VIP", "<b>HP</b>", last_seen_at=now, battery=9, queue_length=4, skew_ms=400_000)
    await doors.gate("Pintu Barat", "HP Lama", last_seen_at=now - timedelta(hours=1))
    ticket = await doors.ticket()
    await doors.scan(ticket, result="duplicate", is_offline=True, is_skewed=True, manual_reason="Layar pecah")
    browser = await team.sign_in("organizer")

    page = (await browser.get(address(team))).text
    english = (await browser.get(address(team), headers={"accept-language": "en"})).text

    said = ["Belum pernah terhubung", "Terhubung", "Tidak terhubung", "Baterai hampir habis", "400 dtk"]
    said += ["Belum terkirim semua", "dihitung: Sudah dipakai", "tanpa jaringan", "tanpa kode: Layar pecah"]
    assert [words for words in said if words not in page] == []
    assert [
        words for words in ("Not connected", "Expected", "counts as: Already used") if words not in english
    ] == []
    assert ["<b>HP" in page, ticket.code in page, 'data-events="' in page] == [False, True, True]


async def test_board_that_is_paused_or_shows_older_scans_stands_still(team: Team, doors: Doors) -> None:
    browser = await team.sign_in("staff")

    paused = (await browser.get(address(team, "?pause=true"))).text
    wrong = await browser.get(address(team, "?after=x"))

    assert ["data-events" in paused, "dijeda" in paused, wrong.status_code] == [False, True, 400]


async def test_staff_see_codes_and_files_masked(team: Team, doors: Doors) -> None:
    ticket = await doors.ticket()
    await doors.scan(ticket, manual_reason="=1+1")

    rows = {}
    for role in ("staff", "organizer"):
        browser = await team.sign_in(role)
        page = (await browser.get(address(team))).text
        file = await browser.submit(address(team), address(team, "/export?format=csv"))
        (row,) = csv.DictReader(io.StringIO(file.text.removeprefix("\ufeff")))
        rows[role] = (ticket.code in page, row["Kode tiket"], row["Nama"], row["Alasan manual"])

    assert rows == {
        "staff": (False, f"…{ticket.code[-4:]}", "Budi Santoso", "'=1+1"),
        "organizer": (True, ticket.code, "Budi Santoso", "'=1+1"),
    }


async def test_somebody_limited_to_an_event_sees_that_board_only(team: Team, doors: Doors) -> None:
    other = await team.make.event(team.merchant)
    await team.sign_in("staff")
    await limit_to(team, "staff", team.event)
    browser = await team.sign_in("staff")

    pages = [f"{team.path}/events/{event.short_id}/gates/board" for event in (team.event, other)]
    answers = [(await browser.get(page)).status_code for page in pages]
    streamed = (await browser.get(f"{pages[1]}/stream")).status_code
    exported = (await browser.submit(pages[0], f"{pages[0]}/export?format=csv")).status_code

    assert (answers, streamed, exported) == ([200, 404], 404, 403)


@pytest.mark.parametrize("count", [1, 3])
async def test_page_asks_the_same_questions_however_much_happened(
    team: Team, doors: Doors, count: int, count_page_queries: CountQueries
) -> None:
    for number in range(count):
        device = await doors.gate(f"Pintu {number}", f"HP {number}")
        ticket = await doors.ticket()
        await doors.scan(ticket, device)
        await doors.stand(ticket, seq=number + 1)
        await doors.conflict(ticket, await doors.scan(ticket, device, shown="duplicate"))
    browser = await team.sign_in("organizer")

    with count_page_queries() as statements:
        answer = await browser.get(address(team))

    assert (answer.status_code, len(statements)) == (200, 13)


async def test_event_without_gates_says_so(team: Team) -> None:
    browser = await team.sign_in("organizer")

    page = (await browser.get(address(team))).text

    said = ["Belum ada gerbang", "Belum ada perangkat", "Belum ada pindaian", "Belum ada tiket."]
    assert [words for words in said if words not in page] == []
