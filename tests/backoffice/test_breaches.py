"""A breach: who was touched, counted and listed masked; the notice with its deadline; nobody else's business."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from pesan.audit.models import AuditEntry
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.privacy.breach_paper import compose_breach
from pesan.privacy.breaches import Breach, Scope, find_affected
from pesan.privacy.holdings import DataClass
from pesan.privacy.papers import to_pdf, to_plain
from tests.backoffice.conftest import Team
from tests.support.factories import SYSTEM

SITI = {"email": "siti@contoh.id", "wa": "+6281234567890", "buyer_name": "Siti Rahma"}
FOUND = datetime(2026, 11, 20, 2, tzinfo=UTC)
NOTICE = {
    "discovered_at": "2026-11-20T09:00",
    "classes": ["name", "email"],
    "what": "Berkas cadangan terbuka dua jam.",
    "handling": "Berkas ditutup, kunci diganti.",
    "contact": "privasi@kopi.example",
}


@pytest.fixture
async def orders(team: Team) -> list[Order]:
    """Siti booked twice, Budi once without an e-mail, somebody was erased, and another merchant has a booking."""
    event = await team.make.event(team.merchant, title="Malam Keroncong")
    twice = [await team.make.order(each, **SITI) for each in (team.event, event)]
    budi = await team.make.order(event, email=None, wa="+6281200000000", notes="Alergi kacang")
    gone = await team.make.order(event, email="lama@contoh.id", state=OrderState.CANCELLED)
    await team.make.order(await team.make.event(team.other), email="lain@contoh.id")
    async with team.database.write(SYSTEM) as session:
        change = update(Order).where(Order.id == gone.id)
        await session.execute(change.values(erased_at=gone.placed_at))
    return [*twice, budi]


async def actions(team: Team) -> list[tuple[str, dict]]:
    async with team.database.read(SYSTEM) as session:
        query = select(AuditEntry.action, AuditEntry.data).where(
            AuditEntry.subject_id == team.merchant.id, AuditEntry.action.startswith("merchant:breach")
        )
        return [tuple(row) for row in await session.execute(query.order_by(AuditEntry.seq))]


async def test_people_are_counted_once_and_bookings_by_event_and_kind(team: Team, orders) -> None:
    kinds = (DataClass.NAME, DataClass.EMAIL, DataClass.NOTES, DataClass.PROOF)
    scopes = [
        Scope((team.merchant.id,)),
        Scope((team.merchant.id,), event_id=orders[0].event_id),
        Scope((team.merchant.id,), from_at=orders[1].placed_at),
        Scope((team.merchant.id,), until_at=orders[1].placed_at),
        Scope(),
    ]

    async with team.database.read(SYSTEM) as session:
        found = [await find_affected(session, scope, kinds) for scope in scopes]

    assert [(each.people, each.bookings) for each in found] == [(2, 3), (1, 1), (2, 2), (1, 1), (3, 4)]
    assert [(each.event, each.people, each.bookings) for each in found[0].by_event] == [
        (team.event.title, 1, 1),
        ("Malam Keroncong", 2, 2),
    ]
    assert list(found[0].by_class.values()) == [3, 2, 1, 0]


async def test_notice_names_the_deadline_from_the_discovery_in_both_languages(team: Team, orders) -> None:
    kinds = (DataClass.EMAIL,)
    scope = Scope((team.merchant.id,))
    breach = Breach(FOUND, "Berkas #terbuka [x].", "Berkas ditutup.", "privasi@kopi.example", kinds, scope)
    async with team.database.read(SYSTEM) as session:
        affected = await find_affected(session, scope, kinds)

    texts = []
    for hours in (1, 73):
        now = FOUND + timedelta(hours=hours)
        paper = compose_breach(breach, affected, author="Kopi Senja", zone="Asia/Jakarta", now=now)
        texts.append([str(to_plain(paper, locale)) for locale in ("id", "en")])

    assert breach.due_at == FOUND + timedelta(hours=72)
    assert ["Sen, 23 Nov 2026 · 09.00 WIB" in texts[0][0], "Mon, 23 Nov 2026 · 09:00 WIB" in texts[0][1]] == [
        True,
        True,
    ]
    assert ["setelah batas waktu lewat" in one[0] for one in texts] == [False, True]
    assert ["Malam Keroncong" in said and "Berkas #terbuka [x]." in said for said in texts[0]] == [True, True]
    assert (await to_pdf(paper))[:5] == b"%PDF-"


async def test_organizer_makes_the_paper_and_the_masked_list_on_record(team: Team, orders) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/privacy/breach"
    shown = (await browser.get(page)).text

    paper = await browser.submit(page, page, NOTICE)
    listed = await browser.submit(page, f"{page}/people?format=csv", {"event": team.event.short_id})

    assert "2 orang, 3 pesanan" in shown
    assert (paper.status_code, paper.headers["content-type"], paper.content[:5]) == (
        200,
        "application/pdf",
        b"%PDF-",
    )
    header, row = csv.reader(io.StringIO(listed.content.decode("utf-8-sig")))
    assert row[:6] == [
        "Kopi Senja",
        team.event.title,
        f"…{orders[0].code[-4:]}",
        "s***a",
        row[4],
        "s***i@contoh.id",
    ]
    assert ["1234567890" in row[4], len(header)] == [False, 7]
    reported, exported = await actions(team)
    assert reported == (
        "merchant:breach:reported",
        {
            "discovered_at": "2026-11-20T02:00:00.000Z",
            "due_at": "2026-11-23T02:00:00.000Z",
            "classes": ["email", "name"],
            "bookings": 3,
            "events": 2,
        },
    )
    assert (exported[0], exported[1]["rows"], exported[1]["contacts"]) == (
        "merchant:breach:exported",
        1,
        "masked",
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"discovered_at": ""},
        {"classes": []},
        {"what": ""},
        {"from_at": "2026-11-20T09:00", "until_at": "2026-11-20T09:00"},
    ],
)
async def test_a_notice_that_lacks_something_is_not_made(team: Team, orders, wrong: dict) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/privacy/breach"

    answer = await browser.submit(page, page, {**NOTICE, **wrong})

    assert (answer.status_code, await actions(team)) == (422, [])
    assert "Berkas ditutup, kunci diganti." in answer.text


@pytest.mark.parametrize(("role", "status"), [("staff", 403), ("stranger", 404)])
async def test_others_neither_see_nor_take_anything(team: Team, orders, role: str, status: int) -> None:
    browser = await team.sign_in(role)
    page = f"{team.path}/privacy/breach"

    answers = [
        await browser.get(page),
        await browser.submit("/backoffice/account", page, NOTICE),
        await browser.submit("/backoffice/account", f"{page}/people?format=csv"),
    ]

    assert [answer.status_code for answer in answers] == [status] * 3
    assert await actions(team) == []
