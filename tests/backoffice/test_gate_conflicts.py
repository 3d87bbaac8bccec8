"""Conflicts of an event's gates: everything that speaks to them is there, and a note settles them once."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from pesan.audit.models import AuditEntry
from pesan.db import Actor
from pesan.gates.conflicts import Found, list_conflicts
from pesan.gates.models import ScanConflict
from pesan.gates.states import ConflictKind
from pesan.settings import Settings
from pesan.tickets.models import Ticket
from tests.backoffice.conftest import Team
from tests.backoffice.doors import LAST_MINUTE, Doors
from tests.backoffice.sales import Till, working
from tests.backoffice.test_team import limit_to
from tests.support.factories import SYSTEM
from tests.support.queries import CountQueries

LATER = LAST_MINUTE + timedelta(seconds=7)


@pytest.fixture
async def till(team: Team, settings: Settings) -> AsyncIterator[Till]:
    async with working(settings, team) as till:
        yield till


@pytest.fixture
async def doors(team: Team, till: Till) -> Doors:
    doors = Doors(team, till)
    await doors.gate()
    await doors.gate("Pintu Selatan", "HP Rini")
    return doors


async def enter_twice(doors: Doors, name: str = "Budi Santoso") -> tuple[Ticket, ScanConflict]:
    """Two screens let the ticket in; the later one had no network and a clock that was off."""
    ticket = await doors.ticket(name)
    first = await doors.scan(ticket)
    told = {"is_offline": True, "is_skewed": True, "offset_ms": -300_000}
    await doors.scan(ticket, doors.devices[1], result="duplicate", scanned_at=LATER, **told)
    return ticket, await doors.conflict(ticket, first)


def address(team: Team, end: str = "") -> str:
    return f"{team.path}/events/{team.event.short_id}/gates/conflicts{end}"


async def listed(doors: Doors, *, is_open: bool = True, actor: Actor | None = None) -> list[Found]:
    async with doors.team.database.read(actor or SYSTEM) as session:
        return list(await list_conflicts(session, doors.event, is_open=is_open))


async def test_conflict_has_the_scans_that_it_is_about_and_says_which_counts(doors: Doors) -> None:
    ticket, _ = await enter_twice(doors)
    await doors.scan(ticket, shown="duplicate", reason="already_in")
    stray = await doors.scan(None, result="invalid", refusal="unknown", is_offline=True)
    await doors.conflict(None, stray, ConflictKind.REFUSED_ADMITTED)

    twice, none = await listed(doors)

    assert [(row.gate, row.scan.result) for row in twice.scans] == [
        ("Pintu Utara", "ok"),
        ("Pintu Selatan", "duplicate"),
    ]
    assert (none.ticket, [row.scan.id for row in none.scans]) == (None, [stray.id])


async def test_page_shows_who_where_when_by_every_clock(team: Team, doors: Doors) -> None:
    ticket, _ = await enter_twice(doors)
    staff, organizer = await team.sign_in("staff"), await team.sign_in("organizer")

    page = (await organizer.get(address(team))).text
    masked = (await staff.get(address(team))).text
    english = (await organizer.get(address(team), headers={"accept-language": "en"})).text

    said = ["Budi Santoso", "Reguler", "Pintu Utara", "HP Tono", "Pintu Selatan", "HP Rini", "Yang dihitung"]
    said += ["Tidak dihitung", "selisih -300 dtk", "Jamnya meleset", "tanpa jaringan", "daring"]
    assert [words for words in said if words not in page] == []
    assert len(set(re.findall(r"\d\d\.\d\d\.\d\d\xa0WIB", page))) >= 2
    assert [ticket.code in text for text in (page, masked)] == [True, False]
    assert [words for words in ("Let in twice", "This one counts") if words not in english] == []


async def test_a_note_settles_a_conflict_once_and_is_kept(team: Team, doors: Doors) -> None:
    _, conflict = await enter_twice(doors)
    browser = await team.sign_in("staff")
    page, path = address(team), address(team, f"/{conflict.id}/settle")

    bare = await browser.submit(page, path, {"reason": " ", "seen": "2"})
    fewer = await browser.submit(page, path, {"reason": "Saudaranya", "seen": "1"})
    still = await listed(doors)
    done = await browser.submit(page, path, {"reason": "Saudaranya <b>", "seen": "2"})
    again = await browser.submit(page, path, {"reason": "Bukan", "seen": "2"})

    assert (bare.status_code, fewer.status_code, len(still)) == (422, 409, 1)
    assert 'value="Saudaranya"' in fewer.text
    assert (done.headers["location"], again.status_code) == (f"{page}?done=true", 409)
    (settled,) = await listed(doors, is_open=False)
    assert (settled.conflict.note, settled.settled_by) == ("Saudaranya <b>", "Rina staff")
    shown = (await browser.get(page)).text
    assert [words in shown for words in ("Saudaranya &lt;b&gt;", "Tidak ada bentrok")] == [True, True]
    query = select(AuditEntry).where(AuditEntry.action == "gate:conflict:settled")
    async with team.database.read(SYSTEM) as session:
        (entry,) = (await session.scalars(query)).all()
    assert (entry.actor_id, entry.subject_id) == (team.users["staff"].id, doors.devices[0].gate_id)
    assert entry.data == {"conflict_id": str(conflict.id), "kind": "double_entry", "scans": 2}


async def test_conflict_that_another_scan_joined_says_that_it_was_settled_before(
    team: Team, doors: Doors
) -> None:
    ticket, conflict = await enter_twice(doors)
    browser = await team.sign_in("staff")
    settle = address(team, f"/{conflict.id}/settle")
    await browser.submit(address(team), settle, {"reason": "Saudaranya", "seen": "2"})
    third = await doors.scan(ticket, result="duplicate", scanned_at=LATER + timedelta(seconds=9))
    async with team.database.gate(team.event.id) as session:
        joined = [*conflict.scan_ids, third.id]
        opened = {"settled_at": None, "settled_by": None, "scan_count": 3, "scan_ids": joined}
        await session.execute(update(ScanConflict).values(**opened))

    page = (await browser.get(address(team))).text

    assert ["Dibuka lagi" in page, "Catatan waktu itu: Saudaranya" in page] == [True, True]
    assert page.count("Tidak dihitung") == 2


async def test_conflict_whose_scans_were_undone_still_shows_them(doors: Doors) -> None:
    ticket = await doors.ticket()
    undone = {"undone_at": LATER, "undone_by": doors.event.id}
    scan = await doors.scan(ticket, **undone)
    await doors.conflict(ticket, scan)

    (found,) = await listed(doors)

    assert [row.scan.id for row in found.scans] == [scan.id]


async def test_conflicts_of_another_merchant_or_event_are_out_of_reach(team: Team, till: Till) -> None:
    theirs = Doors(team, till, await team.make.event(team.other))
    beside = Doors(team, till, await team.make.event(team.merchant))
    found = []
    for each in (theirs, beside):
        await each.gate()
        await each.gate("Pintu Selatan", "HP Rini")
        found.append((await enter_twice(each, "Tamu Rahasia"))[1])
    await team.sign_in("staff")
    await limit_to(team, "staff", team.event)
    organizer, limited = await team.sign_in("organizer"), await team.sign_in("staff")

    seen = await organizer.get(address(team))
    wish = {"reason": "Uji", "seen": "2"}
    settled = [
        (await organizer.submit(address(team), address(team, f"/{one.id}/settle"), wish)).status_code
        for one in found
    ]
    elsewhere = (await limited.get(f"{team.path}/events/{beside.event.short_id}/gates/conflicts")).status_code
    own = (await limited.get(address(team))).status_code

    assert ("Tamu Rahasia" in seen.text, settled, elsewhere, own) == (False, [404, 404], 404, 200)
    actor = Actor.staff(team.merchant.id, frozenset({team.merchant.id}))
    assert (await listed(theirs, actor=actor), len(await listed(theirs)), len(await listed(beside))) == (
        [],
        1,
        1,
    )


@pytest.mark.parametrize("count", [1, 3])
async def test_page_asks_the_same_questions_for_one_and_three(
    team: Team, doors: Doors, count: int, count_page_queries: CountQueries
) -> None:
    for number in range(count):
        await enter_twice(doors, f"Tamu {'ABC'[number]}")
    browser = await team.sign_in("organizer")

    with count_page_queries() as statements:
        answer = await browser.get(address(team))

    assert (answer.status_code, len(statements)) == (200, 9)
