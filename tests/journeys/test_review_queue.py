"""A reviewer's whole evening: the queue by keyboard, by touch and without scripts, alone and with others."""

import asyncio
import re

import pytest
from playwright.async_api import Browser, Page, Route, expect
from sqlalchemy import text

from pesan.identity.states import MerchantRole
from tests.journeys.browser import visiting
from tests.journeys.staff import Desk, open_desk, sign_in
from tests.support.database import offenders
from tests.support.service import Service

pytestmark = pytest.mark.browser
STAFF, ORGANIZER = MerchantRole.STAFF, MerchantRole.ORGANIZER


@pytest.fixture
async def desk(database, make, service: Service) -> Desk:
    return await open_desk(database, make, service)


async def shown(page: Page) -> str:
    """How the order under the reviewer's eyes is named: staff see the end of its code."""
    return await page.locator("[data-item] h2").inner_text()


async def expect_shown(page: Page, code: str) -> None:
    await expect(page.locator("[data-item] h2")).to_have_text(re.compile(f"{code[-4:]}$"))


async def state(desk: Desk, code: str) -> tuple[str, str | None]:
    async with desk.database.sale() as session:
        row = await session.execute(
            text("SELECT state, reject_reason FROM orders WHERE code = :code"), {"code": code}
        )
        found = row.one()
    return found.state, found.reject_reason


async def test_reviewer_works_through_the_queue_by_keyboard(desk: Desk, browser: Browser):
    before = await offenders(
        desk.database
    )  # other journeys write states that somebody else would have to bring about
    codes = [await desk.send_proof(name) for name in ("Budi Santoso", "Siti Rahma", "Made Wirawan")]
    email = await desk.hire("Rina Kusuma", STAFF)
    async with visiting(browser, phone=False) as tab:
        page = tab.page
        await sign_in(page, desk, email)
        await expect_shown(page, codes[0])
        await page.keyboard.press("j")
        await expect_shown(page, codes[1])
        await page.keyboard.press("k")
        await expect_shown(page, codes[0])
        await page.keyboard.press("a")
        await expect_shown(page, codes[1])
        await expect(page.get_by_text(f"…{codes[0][-4:]} disetujui.")).to_be_visible()
        await page.keyboard.press("r")
        await page.keyboard.press("2")
        await page.keyboard.press("Enter")
        await expect_shown(page, codes[2])
        await page.keyboard.press("?")
        await expect(page.get_by_role("heading", name="Tombol pintas")).to_be_visible()
        await page.keyboard.press("Escape")
        await page.keyboard.press("a")
        await expect(page.get_by_role("heading", name="Semua sudah ditinjau")).to_be_visible()
        assert await tab.violations() == []
        assert tab.faults == []
    states = [await state(desk, code) for code in codes]
    assert [found in {"PAID", "COMPLETED"} for found, _ in states] == [True, False, True]
    assert states[1] == ("REJECTED", "Transfer belum kami terima di rekening ini.")
    assert [found for found in await offenders(desk.database) if found not in before] == []


async def test_letters_typed_into_the_reason_do_nothing_else(desk: Desk, browser: Browser):
    code = await desk.send_proof("Budi Santoso")
    email = await desk.hire("Rina Kusuma", STAFF)
    async with visiting(browser, phone=False) as tab:
        page = tab.page
        await sign_in(page, desk, email)
        await page.keyboard.press("r")
        await page.locator("#reason").press_sequentially("ajakan palsu")
        await page.get_by_role("button", name="Tolak pembayaran ini").click()
        await expect(page.get_by_role("heading", name="Semua sudah ditinjau")).to_be_visible()
    assert await state(desk, code) == ("REJECTED", "ajakan palsu")


async def test_keys_can_be_turned_off(desk: Desk, browser: Browser):
    code = await desk.send_proof("Budi Santoso")
    email = await desk.hire("Rina Kusuma", STAFF)
    async with visiting(browser, phone=False) as tab:
        page = tab.page
        await sign_in(page, desk, email)
        await page.keyboard.press("?")
        await page.get_by_label("Pakai tombol pintas").uncheck()
        await page.get_by_role("button", name="Tutup").click()
        await page.keyboard.press("a")
        await page.wait_for_timeout(300)
    assert await state(desk, code) == ("REVIEW", None)


async def test_second_reviewer_sees_at_once_who_decided(desk: Desk, browser: Browser):
    code = await desk.send_proof("Budi Santoso")
    rina, dewi = await desk.hire("Rina Kusuma", STAFF), await desk.hire("Dewi Lestari", ORGANIZER)
    async with visiting(browser, phone=False) as first, visiting(browser) as second:
        await sign_in(first.page, desk, rina)
        await sign_in(second.page, desk, dewi)
        await expect_shown(second.page, code)
        await first.page.keyboard.press("a")
        await expect(second.page.get_by_text("oleh Rina Kusuma")).to_be_visible()
        await expect(second.page.get_by_role("button", name="Setujui")).to_have_count(0)
        assert second.faults == []


async def test_list_that_was_asked_for_before_a_decision_takes_nobody_back(desk: Desk, browser: Browser):
    codes = [await desk.send_proof(name) for name in ("Budi Santoso", "Siti Rahma")]
    email = await desk.hire("Rina Kusuma", STAFF)
    asked, decided = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        asked.set()
        await decided.wait()
        await route.continue_()

    async with visiting(browser, phone=False) as tab:
        page = tab.page
        await sign_in(page, desk, email)
        await expect_shown(page, codes[0])
        path = f"**/review/{await page.locator('[data-item]').get_attribute('data-item')}"
        await page.route(path, hold)
        await desk.send_proof("Made Wirawan")
        await asked.wait()
        await page.keyboard.press("a")
        await expect_shown(page, codes[1])
        async with page.expect_response(path) as late:
            decided.set()
        await (await late.value).finished()
        await page.evaluate("fetch(location.href).then((answer) => answer.text()).then(() => undefined)")
        await expect(page.locator(".queue a")).to_have_count(2)
        await expect_shown(page, codes[1])
        assert tab.faults == []


async def test_new_proof_arrives_by_itself(desk: Desk, browser: Browser):
    email = await desk.hire("Rina Kusuma", STAFF)
    async with visiting(browser) as tab:
        await sign_in(tab.page, desk, email)
        await expect(tab.page.get_by_role("heading", name="Semua sudah ditinjau")).to_be_visible()
        code = await desk.send_proof("Budi Santoso")
        await expect_shown(tab.page, code)
        await desk.send_proof("Siti Rahma")
        await expect(tab.page.locator(".queue a")).to_have_count(2)
        assert await shown(tab.page) == f"…{code[-4:]}"
        assert await tab.violations() == []
        assert tab.faults == []


async def test_reviewer_without_scripts_gets_as_far(desk: Desk, browser: Browser):
    codes = [await desk.send_proof(name) for name in ("Budi Santoso", "Siti Rahma")]
    email = await desk.hire("Rina Kusuma", STAFF)
    async with visiting(browser, scripts=False) as tab:
        page = tab.page
        await sign_in(page, desk, email, scripts=False)
        await page.get_by_role("button", name="Setujui").click()
        await expect(page.get_by_text(f"…{codes[0][-4:]} disetujui.")).to_be_visible()
        await page.locator("summary", has_text="Tolak").click()
        await page.get_by_label("Bukti tidak terbaca. Kirim gambar yang utuh dan jelas.").check()
        await page.get_by_role("button", name="Tolak pembayaran ini").click()
        await expect(page.get_by_role("heading", name="Semua sudah ditinjau")).to_be_visible()
    assert (await state(desk, codes[1]))[0] == "REJECTED"


async def test_proof_is_zoomed_and_reused_one_is_flagged(desk: Desk, browser: Browser):
    first = await desk.send_proof("Budi Santoso", text="sama")
    second = await desk.send_proof("Siti Rahma", text="sama")
    email = await desk.hire("Rina Kusuma", STAFF)
    async with visiting(browser, phone=False) as tab:
        page = tab.page
        await sign_in(page, desk, email, to=f"/review/{second}")
        await expect(page.get_by_text("Sama persis dengan")).to_be_visible()
        await expect(page.get_by_role("link", name=f"…{first[-4:]}", exact=True)).to_be_visible()
        picture = page.locator("[data-proof] img")
        await expect(picture).to_have_js_property("complete", True)
        before = await picture.bounding_box()
        await page.keyboard.press("z")
        await expect(page.locator("[data-proof]")).to_have_class(re.compile("zoom-2"))
        after = await picture.bounding_box()
        assert before is not None
        assert after is not None
        assert after["width"] > before["width"]
        assert await tab.violations() == []


async def test_reviewer_whose_session_ended_is_led_to_log_in(desk: Desk, browser: Browser):
    code = await desk.send_proof("Budi Santoso")
    email = await desk.hire("Rina Kusuma", STAFF)
    async with visiting(browser, phone=False) as tab:
        await sign_in(tab.page, desk, email)
        await expect_shown(tab.page, code)
        await tab.page.context.clear_cookies(name="pesan_session")
        await tab.page.keyboard.press("a")
        await expect(tab.page.get_by_role("button", name="Masuk")).to_be_visible()
    assert await state(desk, code) == ("REVIEW", None)
