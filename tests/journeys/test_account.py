"""Somebody's way through their account on a phone, with the letter in between, and every page of it by the rules."""

import asyncio
import re
from email.message import EmailMessage

import pyotp
import pytest
from playwright.async_api import Browser, expect

from tests.journeys.browser import Tab, visiting
from tests.journeys.guests import WORK_SECONDS
from tests.support.mailbox import Mailbox
from tests.support.service import Service

PASSWORD = "kuda terbang biru tua"
LINK = re.compile(r"/account/verify\?token=[A-Za-z0-9_.=-]+")
PUBLIC = (
    "/account/login",
    "/account/register",
    "/account/forgot",
    "/account/reset?token=x",
    "/account/verify?token=x",
)

SIGNED_IN = ("/account", "/account/security", "/account/factors", "/account/provider")


async def turn_on(tab: Tab, url: str) -> list[str]:
    """Turn the second step on; what is wrong with the pages on the way."""
    await tab.open(f"{url}/account/factors")
    await tab.page.get_by_label("Kata sandi").fill(PASSWORD)
    await tab.page.get_by_role("button", name="Siapkan aplikasi").click()
    await expect(tab.page.locator("svg.qr")).to_be_visible()
    faults = await tab.inspect(f"{url}/account/factors")
    secret = await tab.page.locator("p.code").inner_text()
    await tab.page.get_by_label("Kode dari aplikasi").fill(pyotp.TOTP(secret).now())
    await tab.page.get_by_role("button", name="Aktifkan").click()
    await expect(tab.page.get_by_role("heading", name="Langkah kedua aktif")).to_be_visible()
    return [*faults, *await tab.axe(), *await tab.inspect(f"{url}/account/factors")]


async def register(tab: Tab, url: str, email: str) -> None:
    await tab.open(f"{url}/account/register")
    await tab.page.get_by_label("Nama lengkap").fill("Rani Wijaya")
    await tab.page.get_by_label("E-mail").fill(email)
    await tab.page.get_by_label("Kata sandi").fill(PASSWORD)
    await tab.page.get_by_role("button", name="Buat akun").click()
    await expect(tab.page.get_by_role("heading", name="Halo, Rani Wijaya")).to_be_visible()


async def link_to(mailbox: Mailbox, email: str) -> str:
    """The link in the mail that came for this address."""
    async with asyncio.timeout(WORK_SECONDS):
        while not (found := list(filter(None, (link_in(mail, email) for mail in mailbox.messages)))):
            await asyncio.sleep(0.2)
    return found[0]


def link_in(mail: EmailMessage, email: str) -> str:
    """The link in one mail; empty when it is another's."""
    body = mail.get_body(("plain",))
    match = LINK.search(body.get_content()) if body else None
    return match[0] if match and mail["To"] == email else ""


async def test_a_new_account_is_verified_by_its_letter(service: Service, mailbox: Mailbox, tab: Tab) -> None:
    await register(tab, service.url, "rani-surat@contoh.id")
    await expect(tab.page.get_by_text("Alamatmu belum diverifikasi")).to_be_visible()

    await tab.open(service.url + await link_to(mailbox, "rani-surat@contoh.id"))
    await tab.page.get_by_role("button", name="Verifikasi").click()
    await tab.page.get_by_role("link", name="Buka akun").click()

    await expect(tab.page.get_by_text("rani-surat@contoh.id · terverifikasi")).to_be_visible()


@pytest.mark.parametrize("phone", [True, False])
async def test_account_pages_break_no_rule(service: Service, browser: Browser, phone: bool) -> None:
    async with visiting(browser, phone=phone) as tab:
        found = {path: await tab.inspect(service.url + path) for path in PUBLIC}
        await register(tab, service.url, f"rani-{phone}@contoh.id")
        found |= {path: await tab.inspect(service.url + path) for path in SIGNED_IN}
        found["setting up"] = await turn_on(tab, service.url)
        assert tab.faults == []
    assert {path: faults for path, faults in found.items() if faults} == {}
