"""The record of processing in the back office: read from what is configured, completed, named to buyers."""

import pytest
from sqlalchemy import insert, select

from pesan.audit.models import AuditEntry
from pesan.db import Actor
from pesan.payments.gateways.models import GatewayAccount
from pesan.privacy.models import ProcessorNote
from tests.backoffice.conftest import Team
from tests.support.factories import SYSTEM

TYPED = {
    "country:payment:midtrans": "Indonesia",
    "safeguard:payment:midtrans": "Perjanjian pemrosesan data",
    "is_named:payment:midtrans": "true",
    "country:payment:stripe": "Bukan punya kami",
}


@pytest.fixture
async def account(team: Team) -> None:
    row = {
        "merchant_id": team.merchant.id,
        "provider": "midtrans",
        "is_live": True,
        "secrets_sealed": b"sealed",
    }
    async with team.database.write(Actor.staff(team.merchant.id, frozenset([team.merchant.id]))) as session:
        await session.execute(insert(GatewayAccount).values(row))


async def notes(team: Team) -> list[tuple]:
    async with team.database.read(SYSTEM) as session:
        rows = await session.scalars(select(ProcessorNote))
        return [(row.merchant_id, row.processor, row.title, row.country, row.is_named) for row in rows]


async def described(team: Team) -> list[dict]:
    async with team.database.read(SYSTEM) as session:
        query = select(AuditEntry.data).where(AuditEntry.action == "merchant:processors:described")
        return list(await session.scalars(query))


async def test_organizer_completes_the_record_and_buyers_read_who_is_named(team: Team, account) -> None:
    browser, guest = await team.sign_in("organizer"), await team.open_browser()
    page, notice = f"{team.path}/privacy/register", f"/m/{team.merchant.slug}/legal/privacy"
    before = (await guest.get(notice)).text

    answer = await browser.submit(page, page, TYPED)
    shown, after = (await browser.get(page)).text, (await guest.get(notice)).text
    paper = await browser.get(f"{page}/paper")

    assert answer.headers["location"] == f"{page}?saved=true"
    assert await notes(team) == [(team.merchant.id, "payment:midtrans", "Midtrans", "Indonesia", True)]
    assert ["Perjanjian pemrosesan data" in text for text in (shown, before, after)] == [True, False, True]
    assert ["Midtrans (Indonesia)" in text for text in (before, after)] == [False, True]
    assert (paper.headers["content-type"], paper.content[:5]) == ("application/pdf", b"%PDF-")
    assert await described(team) == [{"processors": ["payment:midtrans"], "named": ["payment:midtrans"]}]

    await browser.submit(page, page, {"country:payment:midtrans": "Singapura"})

    assert "Midtrans" not in (await guest.get(notice)).text
    assert [row[3:] for row in await notes(team)] == [("Singapura", False)]


async def test_what_is_too_long_is_refused_and_nothing_changed(team: Team, account) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/privacy/register"

    answer = await browser.submit(page, page, {"country:payment:midtrans": "x" * 61})

    assert (answer.status_code, await notes(team), await described(team)) == (422, [], [])


@pytest.mark.parametrize(("role", "status"), [("staff", 403), ("stranger", 404)])
async def test_others_neither_read_nor_change_it(team: Team, account, role: str, status: int) -> None:
    browser = await team.sign_in(role)
    page = f"{team.path}/privacy/register"

    answers = [
        await browser.get(page),
        await browser.get(f"{page}/paper"),
        await browser.submit("/backoffice/account", page, TYPED),
    ]

    assert ([answer.status_code for answer in answers], await notes(team)) == ([status] * 3, [])
