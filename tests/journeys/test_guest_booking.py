"""A guest's whole way: from the list to the ticket, with scripts and without, and every way back on track."""

import asyncio
import re
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Route, expect

from pesan.catalog.models import Event
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from tests.journeys.browser import Tab, scripts_ran, visiting
from tests.journeys.guests import (
    PAY_URL,
    STATUS_URL,
    Fair,
    fill_sheet,
    hold_a_place,
    open_fair,
    press_hold,
    send_proof,
)
from tests.support.factories import SYSTEM
from tests.support.service import Service

NOBODY = "Tulis sedikitnya 3 huruf: huruf, spasi, titik, petik atau tanda hubung."


@pytest.fixture
async def fair(database, make, service: Service) -> Fair:
    return await open_fair(database, make, service)


async def test_guest_goes_from_the_list_to_a_ticket(fair: Fair, tab: Tab, proof):
    page = tab.page
    await tab.open(fair.url(f"/m/{fair.merchant.slug}"))
    await page.get_by_role("link", name=fair.event.title).click()
    code = await hold_a_place(page, fair, wa="081234567890", notes="Kursi roda")
    await send_proof(page, proof)
    await expect(page).to_have_url(STATUS_URL)
    await expect(page.get_by_text("Sedang diperiksa", exact=True)).to_be_visible()
    await fair.decide(code, OrderEvent.APPROVE)
    await expect(page.get_by_role("heading", name="Sampai jumpa di sana")).to_be_visible()
    await expect(page.locator(".pass__qr svg")).to_be_visible()
    assert (await fair.order(code)).wa == "+6281234567890"
    assert await tab.violations() == []


async def test_guest_without_scripts_gets_as_far(fair: Fair, browser: Browser, proof):
    async with visiting(browser, scripts=False) as tab:
        page = tab.page
        code = await hold_a_place(page, fair, email="asep@contoh.id")
        await send_proof(page, proof)
        await expect(page).to_have_url(STATUS_URL)
        await fair.decide(code, OrderEvent.REJECT, reason="Jumlahnya kurang Rp 356.")
        await page.reload()
        await expect(page.get_by_text("Jumlahnya kurang Rp 356.")).to_be_visible()
        await page.get_by_role("link", name="Mulai lagi").click()
        await expect(page.locator("#email")).to_have_value("asep@contoh.id")


async def test_refused_sheet_without_scripts_keeps_what_was_typed(fair: Fair, browser: Browser):
    async with visiting(browser, scripts=False) as tab:
        page = tab.page
        await tab.open(fair.url(f"{fair.path}/book"))
        await page.evaluate("document.forms.hold.noValidate = true")
        await fill_sheet(page, name="A1", notes="Kursi roda")
        await page.get_by_role("button", name="Tahan tempat").click()
        await expect(page.locator("#name-error")).to_have_text(NOBODY)
        assert await page.locator("#notes").input_value() == "Kursi roda"


async def test_an_open_pay_page_learns_that_its_order_ended_elsewhere(fair: Fair, tab: Tab):
    page = tab.page
    code = await hold_a_place(page, fair)
    await page.get_by_role("button", name="Transfer BCA").click()
    await expect(page.get_by_text("Jumlah tepat")).to_be_visible()
    await scripts_ran(page)
    order = await fair.order(code)
    await fair.make.move(Move(OrderEvent.CANCEL, order.event_id, SYSTEM, order.id))
    # Whoever comes back to the tab need not wait for the next look.
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Pesanan dibatalkan")


async def test_page_that_could_not_be_read_when_its_booking_changed_is_read_again(
    fair: Fair, browser: Browser, make
):
    code = (await make.order(fair.event)).code
    async with visiting(browser) as tab:
        page, lost = tab.page, asyncio.Event()

        async def lose(route: Route) -> None:
            lost.set()
            await route.abort()

        async with page.expect_response("**/events"):
            await tab.open(fair.url(f"/b/{code}"))
        await page.route(page.url, lose)
        await fair.cancel(code)
        await lost.wait()
        await page.unroute(page.url)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Pesanan dibatalkan")
        assert [fault for fault in tab.faults if "net::ERR_FAILED" not in fault] == []


async def test_what_a_page_read_before_takes_the_place_of_nothing_newer(fair: Fair, tab: Tab, make):
    page, code = tab.page, (await make.order(fair.event)).code
    look = "document.dispatchEvent(new Event('visibilitychange'))"
    reading, older = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        answer = await route.fetch()
        reading.set()
        await older.wait()
        await route.fulfill(response=answer)

    await tab.open(fair.url(f"/b/{code}"))
    await page.route(page.url, hold, times=1)
    await fair.decide(code, OrderEvent.SUBMIT_PROOF)
    await page.evaluate(look)
    await reading.wait()
    await fair.decide(code, OrderEvent.REJECT, reason="Jumlahnya kurang Rp 356.")
    await page.evaluate(look)
    await expect(page.get_by_text("Jumlahnya kurang Rp 356.")).to_be_visible()
    async with page.expect_response(page.url) as late:
        older.set()
    await (await late.value).finished()
    await page.evaluate("fetch(location.href).then((answer) => answer.text()).then(() => undefined)")
    await expect(page.get_by_text("Jumlahnya kurang Rp 356.")).to_be_visible()


async def test_sheet_complains_only_after_the_field_was_left(fair: Fair, tab: Tab):
    page = tab.page
    await tab.open(fair.url(f"{fair.path}/book"))
    await fill_sheet(page, name="As")
    await expect(page.locator("#name-error")).to_have_text("")
    await page.locator("#wa").focus()
    await expect(page.locator("#name-error")).to_have_text(NOBODY)
    await fill_sheet(page, name="ep")
    await expect(page.locator("#name-error")).to_have_text("")


@pytest.mark.parametrize(
    ("typed", "shaped"),
    [
        ("081234567890", "+62 812-3456-7890"),
        ("6281234567890", "+62 812-3456-7890"),
        ("+62 0812 3456 7890", "+62 812-3456-7890"),
        ("006281234567890", "+62 812-3456-7890"),
        ("+6591234567", "+6591234567"),
    ],
)
async def test_whatsapp_number_is_shaped_while_it_is_typed(fair: Fair, tab: Tab, typed, shaped):
    await tab.open(fair.url(f"{fair.path}/book"))
    await fill_sheet(tab.page, wa=typed)
    await expect(tab.page.locator("#wa")).to_have_value(shaped)


async def test_draft_is_kept_on_the_device_and_nowhere_else(fair: Fair, tab: Tab):
    page = tab.page
    await tab.open(fair.url(f"{fair.path}/book"))
    await fill_sheet(page, name="Asep Budiawan", notes="Kursi roda")
    await expect(page.get_by_text("Tersimpan di perangkat ini saja.")).to_be_visible()
    await page.reload()
    await expect(page.locator("#name")).to_have_value("Asep Budiawan")
    await expect(page.locator("[data-count-for=notes]")).to_have_text("10")


async def test_hold_that_ends_offers_to_start_again_with_what_was_typed(fair: Fair, tab: Tab):
    page = tab.page
    code = await hold_a_place(page, fair, email="asep@contoh.id")
    await fair.end_hold_in(code, 3)
    await page.reload()
    await expect(page.get_by_role("heading", name="Waktunya habis")).to_be_visible()
    await page.get_by_role("link", name="Mulai lagi").click()
    await expect(page.locator("#email")).to_have_value("asep@contoh.id")


async def test_ring_follows_the_server_after_the_phone_slept(fair: Fair, tab: Tab):
    page = tab.page
    code = await hold_a_place(page, fair)
    await scripts_ran(page)
    await expect(page.locator("[data-clock]")).to_have_text(re.compile("^14:[0-5][0-9]$"))
    await fair.end_hold_in(code, 100)
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(page.locator("[data-clock]")).to_have_text(re.compile("^01:[0-3][0-9]$"))
    await expect(page.locator(".ring")).to_have_attribute("data-low", "")


async def test_cancelling_gives_the_place_back(fair: Fair, tab: Tab):
    page = tab.page
    code = await hold_a_place(page, fair)
    await page.get_by_text("Batalkan pesanan").click()
    await page.get_by_role("button", name="Ya, lepaskan tempatku").click()
    await expect(page.get_by_role("heading", name="Pesanan dibatalkan")).to_be_visible()
    assert (await fair.order(code)).state == OrderState.CANCELLED


async def test_qris_shows_the_amount_and_says_that_it_does_not_notify(fair: Fair, tab: Tab):
    page = tab.page
    await hold_a_place(page, fair)
    await page.get_by_role("button", name="QRIS").click()
    await expect(page.get_by_role("img", name="Kode QRIS untuk Rp")).to_be_visible()
    await expect(page.get_by_text("QR ini tidak memberi tahu kami secara otomatis")).to_be_visible()
    await page.get_by_text("QR ditolak aplikasimu?").click()
    await expect(page.get_by_role("img", name="Kode QRIS tanpa jumlah")).to_be_visible()
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Simpan gambar QR").click()
    assert (
        await download.value
    ).suggested_filename == f"qris-{page.url.rpartition('/')[2].split('#')[0]}.png"


async def test_amount_and_account_are_copied(fair: Fair, tab: Tab):
    page = tab.page
    await hold_a_place(page, fair)
    await page.get_by_role("button", name="Transfer BCA").click()
    await page.get_by_role("button", name="Salin nomor rekening").click()
    await expect(page.locator("#toast")).to_have_text("Tersalin: 1234567890")
    assert await page.evaluate("navigator.clipboard.readText()") == "1234567890"


async def test_wrong_file_is_refused_before_it_is_sent(fair: Fair, tab: Tab, tmp_path):
    page = tab.page
    await hold_a_place(page, fair)
    wrong = tmp_path / "bukti.txt"
    wrong.write_text("bukan gambar")
    await page.get_by_role("button", name="Transfer BCA").click()
    await page.set_input_files("#file", wrong)
    await expect(page.locator("#file-error")).to_have_text("Pakai foto JPG, PNG, WebP atau PDF.")


async def test_full_queue_says_so_and_keeps_what_was_typed(fair: Fair, tab: Tab, make):
    page = tab.page
    await tab.open(fair.url(f"{fair.path}/book"))
    await fill_sheet(page, name="Asep Budiawan")
    for _ in range(10):
        await make.order(fair.event)
    await press_hold(page)
    await expect(page.get_by_role("alert").first).to_have_text("Antrean penuh, coba beberapa saat lagi.")
    await expect(page.locator("#name")).to_have_value("Asep Budiawan")
    await tab.open(fair.url())
    await expect(page.get_by_role("link", name="Periksa lagi")).to_be_visible()


async def test_list_loads_on_and_works_without_scripts(fair: Fair, tab: Tab, browser: Browser, make):
    for number in range(13):
        await make.event(fair.merchant, title=f"Acara {number}")
    await tab.open(fair.url(f"/m/{fair.merchant.slug}"))
    await tab.page.get_by_role("link", name="Muat lagi").scroll_into_view_if_needed()
    await expect(tab.page.locator(".event")).to_have_count(14)
    async with visiting(browser, scripts=False) as plain:
        await plain.open(fair.url(f"/m/{fair.merchant.slug}"))
        # By key: the cards above take their true heights as they come into view, and move the link under a pointer.
        await plain.page.get_by_role("link", name="Muat lagi").press("Enter")
        await expect(plain.page.locator(".event")).to_have_count(2)


async def test_search_finds_the_event(fair: Fair, tab: Tab):
    page = tab.page
    await tab.open(fair.url(f"/m/{fair.merchant.slug}"))
    await page.get_by_role("searchbox").fill("keroncong")
    await page.get_by_role("button", name="Cari").click()
    await expect(page).to_have_url(re.compile("q=keroncong"))
    await expect(page.locator(".event")).to_have_count(1)
    await page.get_by_role("searchbox").fill("wayang")
    await page.get_by_role("button", name="Cari").click()
    await expect(page.get_by_role("heading", name="Tidak ada yang cocok")).to_be_visible()


async def test_free_place_needs_no_payment(database, make, service, tab: Tab):
    fair = await open_fair(database, make, service, price_amount=0)
    page = tab.page
    await tab.open(fair.url(f"{fair.path}/book"))
    await fill_sheet(page, name="Asep Budiawan")
    await press_hold(page)
    await expect(page).to_have_url(STATUS_URL)
    await expect(page.locator(".pass__qr svg")).to_be_visible()


async def test_language_and_colours_are_remembered(fair: Fair, tab: Tab):
    page = tab.page
    await tab.open(fair.url())
    await page.locator("summary").first.click()
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("link", name="Book a place")).to_be_visible()
    await page.locator("summary").first.click()
    await page.get_by_role("button", name="Dark").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert not PAY_URL.search(page.url)


async def test_completed_booking_hands_out_its_papers(database, make, service, tab: Tab):
    fair = await open_fair(database, make, service, certificate=True)
    code = (await make.order(fair.event, state=OrderState.PAID)).code
    page = tab.page
    await tab.open(fair.url(f"/b/{code}"))
    await expect(page.locator(".pass__qr svg")).to_be_visible()
    await expect(page.get_by_role("link", name="Sertifikat")).to_have_count(0)
    await _end(database, fair.event)
    await page.reload()
    papers = {
        "Unduh PDF": f"tiket-{code}.pdf",
        "Ringkasan PDF": f"pesanan-{code}.pdf",
        "Sertifikat": f"sertifikat-{code}.pdf",
        "Tambah ke kalender": f"{fair.event.slug}.ics",
    }
    for label, filename in papers.items():
        async with page.expect_download() as download:
            await page.get_by_role("link", name=label).click()
        assert (await download.value).suggested_filename == filename


async def _end(database, event):
    """The event took place yesterday."""
    async with database.write(SYSTEM) as session:
        stored = await session.get_one(Event, event.id)
        stored.starts_at, stored.ends_at = (
            stored.starts_at - timedelta(days=31),
            stored.ends_at - timedelta(days=31),
        )


async def test_device_keeps_its_bookings(fair: Fair, tab: Tab, make):
    code = (await make.order(fair.event)).code
    await make.order(fair.event)
    await tab.open(fair.url("/b"))
    await tab.page.get_by_label("Kode pesanan").fill(code.lower())
    await tab.page.get_by_role("button", name="Buka pesanan").click()
    await expect(tab.page.get_by_role("heading", name="Tinggal bayar")).to_be_visible()
    await tab.open(fair.url("/b"))
    await expect(tab.page.locator(".kept")).to_have_count(1)


async def test_dead_line_is_said_and_left_again(fair: Fair, browser: Browser):
    async with visiting(browser) as tab:
        page = tab.page
        await tab.open(fair.url())
        await page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
        await page.context.set_offline(True)
        await expect(page.locator("#toast")).to_have_text(
            "Sambungan terputus. Isianmu tersimpan di perangkat ini."
        )
        await page.reload()
        await expect(page.get_by_role("heading", name="Sambungan terputus")).to_be_visible()
        await page.context.set_offline(False)
        await page.get_by_role("link", name="Muat ulang").click()
        await expect(page.get_by_role("heading", name=fair.event.title)).to_be_visible()
