"""A passkey's life in a browser with a device of its own: made, signed in with, done without, and removed."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect
from sqlalchemy import text

from pesan.db import Database
from pesan.settings import Settings
from tests.journeys.browser import Tab, scripts_ran, visiting
from tests.journeys.test_account import PASSWORD, register
from tests.support.service import free_port, services

EMAIL = "rani-kunci@contoh.id"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
async def site(settings: Settings, tmp_path: Path) -> AsyncIterator[str]:
    """An instance under a name, because browsers bind no passkey to a number."""
    port = free_port()
    url = f"http://localhost:{port}"
    async with services(settings, tmp_path) as start:
        await start(port=port, PESAN_BASE_URL=url)
        yield url


async def plug_in(tab: Tab) -> None:
    """Give the browser a device that makes passkeys and agrees to everything."""
    devtools = await tab.page.context.new_cdp_session(tab.page)
    await devtools.send("WebAuthn.enable")
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})


async def press(tab: Tab, name: str) -> None:
    await scripts_ran(tab.page)
    await tab.page.get_by_role("button", name=name, exact=True).click()


async def log_in(tab: Tab, url: str) -> None:
    await tab.open(f"{url}/account/login")
    await tab.page.get_by_label("E-mail").fill(EMAIL)
    await tab.page.get_by_label("Kata sandi").fill(PASSWORD)
    await tab.page.get_by_role("button", name="Masuk", exact=True).click()
    await expect(tab.page.get_by_role("heading", name="Langkah kedua")).to_be_visible()


async def make_passkey(tab: Tab, url: str) -> list[str]:
    """Make one, a wrong password first; the recovery codes."""
    await tab.open(f"{url}/account/factors/passkeys")
    await tab.page.get_by_label("Nama").fill("Ponsel Rani")
    await tab.page.get_by_label("Kata sandi").fill("salah sekali")
    await press(tab, "Buat passkey")
    await expect(tab.page.get_by_role("alert")).to_contain_text("tidak cocok")
    await tab.page.get_by_label("Kata sandi").fill(PASSWORD)
    await press(tab, "Buat passkey")
    await expect(tab.page.get_by_role("heading", name="Langkah kedua aktif")).to_be_visible()
    await tab.settle()
    return await tab.page.locator("li.code").all_inner_texts()


async def test_a_passkey_signs_in_beside_the_password_and_without_it(
    browser: Browser, site: str, database: Database
) -> None:
    home = re.compile(f"^{re.escape(site)}/account$")
    async with visiting(browser) as tab:
        await plug_in(tab)
        await register(tab, site, EMAIL)
        async with database.identity() as session:
            await session.execute(text("UPDATE users SET email_verified_at = clock_timestamp()"))
        codes = await make_passkey(tab, site)
        found = await tab.inspect(f"{site}/account/factors/passkeys")
        await tab.page.get_by_role("link", name="Atur Ponsel Rani").click()
        await expect(tab.page.get_by_role("heading", name="Ponsel Rani")).to_be_visible()
        found += await tab.inspect(tab.page.url)

        await tab.page.context.clear_cookies()
        await log_in(tab, site)
        found += await tab.inspect(tab.page.url)
        await press(tab, "Pakai passkey")
        await expect(tab.page).to_have_url(home)

        await tab.page.context.clear_cookies()
        found += await tab.inspect(f"{site}/account/login")
        await press(tab, "Masuk dengan passkey")
        await expect(tab.page).to_have_url(home)

        await tab.open(f"{site}/account/factors/passkeys")
        await tab.page.get_by_role("link", name="Atur Ponsel Rani").click()
        async with visiting(browser, scripts=False) as plain:
            await log_in(plain, site)
            await expect(plain.page.get_by_role("button", name="Pakai passkey")).to_be_hidden()
            await plain.page.get_by_label("Kode").fill(codes[0])
            await plain.page.get_by_role("button", name="Lanjut").click()
            await expect(plain.page).to_have_url(home)
        await press(tab, "Hapus dengan passkey")
        await expect(tab.page.get_by_text("Passkey sudah dihapus.")).to_be_visible()
        assert (found, tab.faults) == ([], [])
