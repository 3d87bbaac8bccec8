"""An outlet's board follows what happens there, and is worked by keys, without being loaded again."""

import re

import pytest
from playwright.async_api import Browser, expect

from pesan.identity.states import MerchantRole
from tests.journeys.browser import visiting
from tests.journeys.staff import open_desk, sign_in
from tests.support.booths import book_session, make_place
from tests.support.service import Service

pytestmark = pytest.mark.browser


async def test_a_board_follows_what_another_does(database, make, service: Service, browser: Browser):
    desk = await open_desk(database, make, service)
    place = await make_place(make, database, desk.merchant)
    await book_session(make, database, place, buyer_name="Siti Rahma")
    email = await desk.hire("Tono", MerchantRole.STAFF)
    board = f"{service.url}/backoffice/booths/{desk.merchant.slug}/outlets/{place.id}"
    async with visiting(browser) as one, visiting(browser, phone=True) as other:
        for tab in (one, other):
            await sign_in(tab.page, desk, email)
            await tab.open(board)
            await expect(tab.page.get_by_text("Papan ini mengikuti sendiri.")).to_be_visible()
        await one.page.evaluate("window.isSame = true")
        seen = one.page.locator(".booth")

        await other.page.get_by_role("button", name="Tiba").focus()
        await other.page.keyboard.press("Enter")
        await expect(seen).to_contain_text("Sudah datang")
        await expect(other.page.get_by_role("button", name="Mulai")).to_be_focused()
        await other.page.keyboard.press("Enter")
        await expect(seen).to_contain_text("Sedang berjalan")
        await expect(seen.locator("[data-clock]")).to_have_text(re.compile(r"^1[45]:\d\d$"))

        assert await one.page.evaluate("window.isSame")
        assert one.faults == other.faults == []
