"""Conflicts of an event's gates: everything that speaks to them is there, and a note settles them once."""

import html
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from pesan.audit.models import AuditEntry
from pesan.db import Actor
from pesan.gates.conflicts import Found, list_conflicts, name_of
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
        return list((await list_conflicts(session, doors.event, is_open=is_open)).items)


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
    seen = name_of(conflict.scan_ids)

    bare = await browser.submit(page, path, {"reason": " ", "seen": "2"})
    fewer = await browser.submit(page, path, {"reason": "Saudaranya", "seen": name_of(conflict.scan_ids[:1])})
    still = await listed(doors)
    done = await browser.submit(page, path, {"reason": "Saudaranya <b>", "seen": seen})
    again = await browser.submit(page, path, {"reason": "Bukan", "seen": seen})

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


async def test_conflict_that_another_scan_joined_keeps_what_was_noted_before(
    team: Team, doors: Doors
) -> None:
    ticket, conflict = await enter_twice(doors)
    browser = await team.sign_in("staff")
    settle = address(team, f"/{conflict.id}/settle")
    first = {"reason": "Saudaranya", "seen": name_of(conflict.scan_ids)}
    await browser.submit(address(team), settle, first)
    third = await doors.scan(ticket, result="duplicate", scanned_at=LATER + timedelta(seconds=9))
    async with team.database.gate(team.event.id) as session:
        joined = [*conflict.scan_ids, third.id]
        opened = {"settled_at": None, "settled_by": None, "scan_count": 3, "scan_ids": joined}
        await session.execute(update(ScanConflict).values(**opened))

    page = (await browser.get(address(team))).text

    assert ["Dibuka lagi" in page, "Catatan waktu itu: Saudaranya" in page] == [True, True]
    assert page.count("Tidak dihitung") == 2
    await browser.submit(address(team), settle, {"reason": "Kakaknya juga", "seen": name_of(joined)})
    (settled,) = [found.conflict for found in await listed(doors, is_open=False)]
    assert (settled.note, settled.earlier_notes) == ("Kakaknya juga", ["Saudaranya"])
    assert set(settled.settled_ids) == set(joined)
    assert "Catatan sebelumnya: Saudaranya" in (await browser.get(address(team))).text


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
    settled = [
        (
            await organizer.submit(
                address(team),
                address(team, f"/{one.id}/settle"),
                {"reason": "Uji", "seen": name_of(one.scan_ids)},
            )
        ).status_code
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

    assert (answer.status_code, len(statements)) == (200, 10)


@pytest.mark.parametrize("is_open", [True, False])
async def test_conflicts_page_by_key(doors: Doors, *, is_open: bool) -> None:
    for number in range(3):
        await enter_twice(doors, f"Tamu {'ABC'[number]}")
    if not is_open:
        async with doors.team.database.gate(doors.event.id) as session:
            settled = {"settled_at": func.clock_timestamp(), "settled_by": doors.event.id}
            await session.execute(update(ScanConflict).values(**settled))

    names, cursor = list[str](), None
    for _ in range(2):
        async with doors.team.database.read(SYSTEM) as session:
            page = await list_conflicts(session, doors.event, is_open=is_open, cursor=cursor, limit=2)
        names += [found.ticket.holder_name for found in page.items if found.ticket]
        cursor = page.next_cursor

    # Those that were settled by one statement have their times by row, in whatever order it took them.
    assert (sorted(names) if not is_open else names) == ["Tamu A", "Tamu B", "Tamu C"]
    assert cursor is None


async def test_page_of_conflicts_goes_on_where_it_ended(
    team: Team, doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Tamu A", "Tamu B"):
        await enter_twice(doors, name)
    monkeypatch.setitem(list_conflicts.__kwdefaults__, "limit", 1)
    browser = await team.sign_in("organizer")

    first = (await browser.get(address(team))).text
    (further,) = re.findall(r'href="([^"]+/conflicts\?after=[^"]+)#open"', first)
    second = (await browser.get(html.unescape(further))).text
    wrong = await browser.get(f"{address(team)}?after=x")

    assert ["Tamu A" in first, "Tamu B" in first, "Perlu dilihat</h2>" in first] == [True, False, False]
    assert ["Tamu A" in second, "Tamu B" in second, "Awal daftar" in second] == [False, True, True]
    assert wrong.status_code == 400
