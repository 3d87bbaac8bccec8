"""A merchant's own words for its letters: saved, looked at, given back, and said to that merchant's buyers."""

import pytest
from sqlalchemy import text

from pesan.checkout.letters import letter_composers
from pesan.notifications.render import render
from pesan.notifications.states import Kind
from pesan.notifications.wording import default_words
from pesan.orders.states import OrderState
from pesan.settings import Settings
from pesan.tenancy.models import Merchant
from tests.backoffice.conftest import Team
from tests.backoffice.sales import working
from tests.support.factories import SYSTEM

WORDS = {
    "subject": "Sampai jumpa, {buyer_name}",
    "heading": "Pembayaran {order_code} belum cocok",
    "body": "Alasannya: {reason}\r\n\r\n\r\nKabari kami ya.",
}


async def kept(team: Team) -> list[tuple[str, ...]]:
    query = text("SELECT kind, locale, subject, heading, body FROM letter_templates")
    async with team.database.read(SYSTEM) as session:
        return [tuple(row) for row in await session.execute(query)]


async def noted(team: Team) -> list[tuple[object, ...]]:
    query = text(
        "SELECT action, data FROM audit_entries WHERE action LIKE 'merchant:letter:%' ORDER BY subject_id, seq"
    )
    async with team.database.read(SYSTEM) as session:
        return [tuple(row) for row in await session.execute(query)]


async def test_own_words_are_said_to_this_merchants_buyers_in_that_language(
    team: Team, settings: Settings
) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/letters/rejected/id"

    answer = await browser.submit(page, page, WORDS)
    shown = (await browser.get(page)).text

    letters = {}
    async with working(settings, team) as till:
        composer = letter_composers(till.deps).of(Kind.REJECTED)
        for name, event in {"own": team.event, "theirs": await team.make.event(team.other)}.items():
            for locale in ("id", "en"):
                wish = {"buyer_name": "Siti Rahma", "email": "s@a.example", "locale": locale}
                order = await team.make.order(event, state=OrderState.REJECTED, **wish)
                letter = await composer.compose(order.id, Kind.REJECTED)
                assert letter is not None
                letters[name, locale] = render(letter)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{page}?done=saved")
    assert await kept(team) == [
        ("rejected", "id", WORDS["subject"], WORDS["heading"], "Alasannya: {reason}\n\nKabari kami ya.")
    ]
    assert letters["own", "id"].subject == "Sampai jumpa, Siti Rahma"
    assert "\n\nAlasannya: Nominal tidak sesuai\n\nKabari kami ya.\n" in letters["own", "id"].text
    usual = [letters[key].subject for key in (("own", "en"), ("theirs", "id"), ("theirs", "en"))]
    assert usual == [
        "We could not accept your payment: Malam Keroncong Kota Tua",
        "Pembayaranmu belum bisa diterima: Malam Keroncong Kota Tua",
        "We could not accept your payment: Malam Keroncong Kota Tua",
    ]
    assert "Sampai jumpa, Siti Rahmawati" in shown
    assert await noted(team) == [
        (
            "merchant:letter:changed",
            {"kind": "rejected", "locale": "id", "changed": ["body", "heading", "subject"]},
        )
    ]


async def test_reset_says_the_default_again_and_is_on_record(team: Team) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/letters/rejected/en"
    await browser.submit(page, page, WORDS)

    answers = [(await browser.submit(page, f"{page}/reset")).status_code for _ in range(2)]
    default = default_words(Kind.REJECTED, "en")
    await browser.submit(
        page, page, {"subject": default.subject, "heading": default.heading, "body": default.body}
    )

    assert (answers, await kept(team)) == ([303, 303], [])
    assert [action for action, _ in await noted(team)] == ["merchant:letter:changed", "merchant:letter:reset"]


@pytest.mark.parametrize("end", ["", "/preview"])
async def test_unknown_name_is_refused_with_those_that_there_are(team: Team, end: str) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/letters/expired/id"

    answer = await browser.submit(page, page + end, WORDS | {"body": "Halo {buyer_name.__class__}"})

    assert answer.status_code == 422
    assert (
        "{buyer_name.__class__} tidak dikenal. Yang bisa dipakai di surat ini: {buyer_name}, {merchant_name},"
        in (answer.text)
    )
    # {reason} is a fact of other letters.
    assert "{reason} tidak dikenal" not in answer.text
    assert (await kept(team), await noted(team)) == ([], [])


async def test_preview_shows_what_was_typed_and_keeps_nothing(team: Team) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/letters/rejected/id"

    answer = await browser.submit(page, f"{page}/preview", WORDS | {"heading": "<b>{buyer_name}"})

    assert answer.status_code == 200
    assert "&lt;b&gt;Siti Rahmawati" in answer.text
    assert "Alasannya: Nominalnya belum sesuai." in answer.text
    assert await kept(team) == []


async def test_line_break_in_a_subject_is_only_a_space(team: Team) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/letters/rejected/id"

    await browser.submit(page, page, WORDS | {"subject": "Halo\r\nBcc: semua@jahat.example"})

    assert [row[2] for row in await kept(team)] == ["Halo Bcc: semua@jahat.example"]


@pytest.mark.parametrize(("role", "status"), [("staff", 403), ("stranger", 404), ("admin", 303)])
async def test_words_are_chosen_by_organizers(team: Team, role: str, status: int) -> None:
    browser = await team.sign_in(role)
    page = f"{team.path}/letters/rejected/id"

    answers = [
        (await browser.submit("/backoffice/account", f"{page}{end}", WORDS)).status_code
        for end in ("", "/reset")
    ]

    assert answers == [status, status]
    assert await kept(team) == []


async def test_hours_of_reminder_and_thanks_are_chosen_and_on_record(team: Team) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/letters"

    answers = [
        (
            await browser.submit(page, f"{page}/timing", {"reminder_hours": hours, "follow_up_hours": "24"})
        ).status_code
        for hours in ("48", "721", "")
    ]

    async with team.database.read(SYSTEM) as session:
        merchant = await session.get_one(Merchant, team.merchant.id)
    assert answers == [303, 422, 422]
    assert (merchant.reminder_hours, merchant.follow_up_hours) == (48, 24)
    assert [action for action, _ in await noted(team)] == ["merchant:letter:timing_changed"]
