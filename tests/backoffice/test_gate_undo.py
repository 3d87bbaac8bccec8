"""Taking a scan back: by an organizer of its event, with a reason, once."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from pesan.audit.models import AuditEntry, AuditPrivate
from pesan.gates.models import Scan, TicketStanding
from pesan.settings import Settings
from pesan.tickets.models import Ticket
from tests.backoffice.conftest import Team
from tests.backoffice.doors import Doors
from tests.backoffice.sales import Till, working
from tests.support.factories import SYSTEM


@pytest.fixture
async def till(team: Team, settings: Settings) -> AsyncIterator[Till]:
    async with working(settings, team) as till:
        yield till


@pytest.fixture
async def doors(team: Team, till: Till) -> Doors:
    doors = Doors(team, till)
    await doors.gate()
    return doors


async def enter(doors: Doors) -> tuple[Ticket, Scan]:
    ticket = await doors.ticket()
    scan = await doors.scan(ticket)
    await doors.stand(ticket)
    return ticket, scan


def address(team: Team, scan: Scan) -> str:
    return f"{team.path}/events/{team.event.short_id}/gates/scans/{scan.id}/undo"


async def read(team: Team, kind, key):
    async with team.database.read(SYSTEM) as session:
        return await session.get_one(kind, key)


async def test_organizer_takes_a_scan_back_with_a_reason(team: Team, doors: Doors) -> None:
    ticket, scan = await enter(doors)
    browser = await team.sign_in("organizer")
    board, page = f"{team.path}/events/{team.event.short_id}/gates/board", address(team, scan)

    offered = (await browser.get(board)).text
    asked = (await browser.get(page)).text
    bare = await browser.submit(page, page, {"reason": " "})
    before = await read(team, TicketStanding, ticket.id)
    done = await browser.submit(page, page, {"reason": "Salah orang"})
    again = await browser.submit(board, page, {"reason": "Lagi"})

    assert (f'href="{page}"' in offered, "Budi Santoso" in asked) == (True, True)
    assert (bare.status_code, before.is_inside, again.status_code) == (422, True, 409)
    assert "Pindaian dibatalkan." in (await browser.get(done.headers["location"])).text
    assert (await read(team, Scan, scan.id)).undone_by == team.users["organizer"].id
    assert (await read(team, TicketStanding, ticket.id)).is_inside is False
    query = select(AuditEntry.subject_id, AuditPrivate.reason).where(AuditEntry.action == "gate:scan:undone")
    kept = query.join(
        AuditPrivate,
        (AuditPrivate.subject_id == AuditEntry.subject_id) & (AuditPrivate.seq == AuditEntry.seq),
    )
    async with team.database.read(SYSTEM) as session:
        assert (await session.execute(kept)).all() == [(scan.gate_id, "Salah orang")]


async def test_scan_that_let_nobody_in_cannot_be_taken_back(team: Team, doors: Doors) -> None:
    scan = await doors.scan(await doors.ticket(), shown="duplicate")
    browser = await team.sign_in("organizer")
    board, page = f"{team.path}/events/{team.event.short_id}/gates/board", address(team, scan)

    assert page not in (await browser.get(board)).text
    assert "tidak meloloskan siapa pun" in (await browser.get(page)).text
    assert (await browser.submit(board, page, {"reason": "Uji"})).status_code == 409


@pytest.mark.parametrize(("role", "status"), [("staff", 403), ("stranger", 404)])
async def test_nobody_but_an_organizer_takes_scans_back(
    team: Team, doors: Doors, role: str, status: int
) -> None:
    _, scan = await enter(doors)
    browser = await team.sign_in(role)

    answers = [
        (await browser.get(address(team, scan))).status_code,
        (await browser.submit("/backoffice/account", address(team, scan), {"reason": "Uji"})).status_code,
    ]

    assert (answers, (await read(team, Scan, scan.id)).undone_at) == ([status, status], None)
    assert "/undo" not in (await browser.get(f"{team.path}/events/{team.event.short_id}/gates/board")).text


async def test_scan_of_another_event_is_not_found(team: Team, till: Till) -> None:
    beside = Doors(team, till, await team.make.event(team.merchant))
    await beside.gate()
    _, scan = await enter(beside)
    browser = await team.sign_in("organizer")

    seen = await browser.get(address(team, scan))
    sent = await browser.submit("/backoffice/account", address(team, scan), {"reason": "Uji"})

    assert (seen.status_code, sent.status_code) == (404, 404)
    assert (await read(team, Scan, scan.id)).undone_at is None
