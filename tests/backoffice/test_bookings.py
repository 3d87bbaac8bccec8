"""Bookings: found by what people remember, exported by those who may, cancelled with a reason."""

import csv
import io
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from pesan.backoffice.queries.bookings import Wanted, list_bookings
from pesan.orders.states import OrderState
from tests.backoffice.conftest import Team
from tests.support.factories import SYSTEM

HEADER = ["Kode", "Acara", "Status", "Nama", "WhatsApp", "E-mail"]


async def codes(team: Team, **wanted: Any) -> list[str]:
    async with team.database.read(SYSTEM) as session:
        page = await list_bookings(session, team.merchant.id, Wanted(**wanted))
    return [booking.order.code for booking in page.items]


async def test_search_finds_by_name_code_phone_and_mail(team: Team) -> None:
    budi = await team.make.order(team.event, buyer_name="Budi Santoso", wa="+6281234567890")
    siti = await team.make.order(team.event, buyer_name="Siti 100% Rahma", email="siti_r@mail.example")

    found = {
        search: await codes(team, search=search, by_beginning=True)
        for search in (
            "budi",
            "0812 3456 7890",
            siti.code.lower(),
            siti.code[:6],
            "siti_r@",
            "100%",
            "%",
            "_",
        )
    }

    assert found == {
        "budi": [budi.code],
        "0812 3456 7890": [budi.code],
        siti.code.lower(): [siti.code],
        siti.code[:6]: [siti.code],
        "siti_r@": [siti.code],
        "100%": [siti.code],
        "%": [siti.code],
        "_": [siti.code],
    }


async def test_filters_narrow_by_state_and_event(team: Team) -> None:
    held = await team.make.order(team.event)
    paid = await team.make.order(await team.make.event(team.merchant), state=OrderState.PAID)
    await team.make.order(await team.make.event(team.other))

    assert await codes(team) == [paid.code, held.code]
    assert await codes(team, state="HOLD") == [held.code]
    assert await codes(team, event_short_id=team.event.short_id) == [held.code]


async def test_list_pages_by_key(team: Team) -> None:
    orders = [await team.make.order(team.event) for _ in range(5)]

    async with team.database.read(SYSTEM) as session:
        first = await list_bookings(session, team.merchant.id, Wanted(), limit=3)
        second = await list_bookings(session, team.merchant.id, Wanted(), limit=3, cursor=first.next_cursor)

    seen = [booking.order.code for booking in (*first.items, *second.items)]
    assert seen == [order.code for order in reversed(orders)]
    assert second.next_cursor is None


async def test_list_page_shows_what_was_searched(team: Team) -> None:
    order = await team.make.order(team.event, buyer_name="Budi Santoso")
    browser = await team.sign_in("staff")

    page = (await browser.get(f"{team.path}/bookings?q=budi&state=HOLD&from=2020-01-01&to=nonsense")).text
    none = (await browser.get(f"{team.path}/bookings?q=tidakada")).text
    bad = await browser.get(f"{team.path}/bookings?after=nonsense")

    assert f"{team.path}/bookings/{order.id}" in page
    assert 'value="budi"' in page
    assert "Tidak ada yang cocok" in none
    assert bad.status_code == 400


@pytest.mark.parametrize(("role", "offered"), [("staff", False), ("organizer", True), ("admin", True)])
async def test_export_is_offered_to_those_who_may(team: Team, role: str, offered: bool) -> None:
    await team.make.order(team.event)
    browser = await team.sign_in(role)
    page = f"{team.path}/bookings"

    shown = (await browser.get(page)).text
    answer = await browser.submit(page, f"{page}/export?format=csv")

    assert (f"{page}/export?" in shown) is offered
    assert answer.status_code == (200 if offered else 403)


async def test_csv_export_is_disarmed_narrowed_and_audited(team: Team) -> None:
    order = await team.make.order(team.event, buyer_name="Budi", wa="+6281234567890", notes="=1+1")
    await team.make.order(team.event, buyer_name="Siti")
    browser = await team.sign_in("organizer")
    page = f"{team.path}/bookings"

    answer = await browser.submit(page, f"{page}/export?format=csv&q=budi")

    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="pesanan-kopi-senja-')
    assert rows[0][:6] == HEADER
    assert rows[1][:5] == [
        order.code,
        "Malam Keroncong Kota Tua",
        "Menunggu pembayaran",
        "Budi",
        "'+6281234567890",
    ]
    assert (len(rows), rows[1][-1]) == (2, "'=1+1")
    async with team.database.read(SYSTEM) as session:
        noted = await session.execute(
            text("SELECT actor_id, data FROM audit_entries WHERE action = 'merchant:bookings:exported'")
        )
    assert [tuple(row) for row in noted] == [
        (team.users["organizer"].id, {"format": "csv", "rows": 1, "filters": ["q"]})
    ]


async def test_xlsx_export_keeps_phones_usable(team: Team) -> None:
    await team.make.order(team.event, wa="+6281234567890", notes="@SUM(A1)")
    browser = await team.sign_in("organizer")
    page = f"{team.path}/bookings"

    answer = await browser.submit(page, f"{page}/export?format=xlsx")

    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    row = [cell.value for cell in sheet[2]]
    assert (row[4], row[-1]) == ("+6281234567890", "'@SUM(A1)")


async def test_detail_shows_the_history_with_names(team: Team) -> None:
    order = await team.review()
    browser = await team.sign_in("staff")
    review = f"{team.path}/review/{order.code}"
    await browser.submit(review, f"{review}/approve")

    page = (await browser.get(f"{team.path}/bookings/{order.code}")).text

    history = page[page.index("Riwayat") :]
    words = [
        "Bukti disetujui",
        "Rina staff",
        "Bukti dikirim",
        "Cara bayar dipilih",
        "Tempat ditahan",
        "Pembeli",
    ]
    assert [word for word in words if word in history] == words
    assert history.index("Bukti disetujui") < history.index("Tempat ditahan")


async def test_organizer_cancels_with_a_reason(team: Team) -> None:
    order = await team.make.order(team.event)
    browser = await team.sign_in("organizer")
    page = f"{team.path}/bookings/{order.code}"

    unreasoned = await browser.submit(page, f"{page}/cancel", {"reason": " "})
    answer = await browser.submit(page, f"{page}/cancel", {"reason": "Acara dipindah"})
    again = await browser.submit(page, f"{page}/cancel", {"reason": "Acara dipindah"})

    assert (unreasoned.status_code, answer.status_code, again.status_code) == (422, 303, 409)
    assert await team.state(order) == "CANCELLED"
    assert "Acara dipindah" in (await browser.get(page)).text


async def test_staff_cannot_cancel(team: Team) -> None:
    order = await team.make.order(team.event)
    browser = await team.sign_in("staff")
    page = f"{team.path}/bookings/{order.code}"

    answer = await browser.submit(page, f"{page}/cancel", {"reason": "Acara dipindah"})

    assert answer.status_code == 403
    assert await team.state(order) == "HOLD"


async def test_cash_pays_a_hold(team: Team) -> None:
    order = await team.make.order(team.event)
    organizer, staff = await team.sign_in("organizer"), await team.sign_in("staff")
    page = f"{team.path}/bookings/{order.code}"

    refused = await staff.submit(page, f"{page}/cash")
    answer = await organizer.submit(page, f"{page}/cash")
    again = await organizer.submit(page, f"{page}/cash")

    assert (refused.status_code, answer.status_code, again.status_code) == (403, 303, 409)
    assert await team.state(order) == "PAID"


@pytest.mark.parametrize(("capacity", "address", "state"), [(2, "", "PAID"), (1, "?due=true", "CANCELLED")])
async def test_late_money_takes_the_places_back_if_they_are_left(
    team: Team, capacity: int, address: str, state: str
) -> None:
    event = await team.make.event(team.merchant, capacity=capacity)
    order = await team.make.order(event, state=OrderState.CANCELLED)
    await team.make.order(event, state=OrderState.PAID)
    browser = await team.sign_in("organizer")
    page = f"{team.path}/bookings/{order.code}"

    answer = await browser.submit(page, f"{page}/late", {"reason": "Mutasi 21 Nov"})

    assert (answer.status_code, answer.headers["location"]) == (303, page + address)
    shown = await browser.get(page + address)
    assert ("Uangnya sudah masuk daftar pengembalian dana." in shown.text) is (state == "CANCELLED")
    listed = await browser.get(f"{team.path}/refunds")
    assert (order.code in listed.text) is (state == "CANCELLED")
    assert await team.state(order) == state


async def test_review_page_of_an_order_that_was_never_submitted_offers_no_decision(team: Team) -> None:
    order = await team.make.order(team.event)
    browser = await team.sign_in("staff")

    page = await browser.get(f"{team.path}/review/{order.code}")

    assert page.status_code == 200
    assert "/approve" not in page.text
