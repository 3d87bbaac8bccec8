"""Phones at a gate: browsers whose camera sees what a test holds before it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import segno
from playwright.async_api import Browser, expect

from pesan.web.cookies import SESSION
from tests.journeys.browser import Tab, visiting

# A camera of our own, because tickets are made while the test runs. Nothing in view is a white wall.
CAMERA = """
window.__held = [];
navigator.mediaDevices.getUserMedia = async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
  const context = canvas.getContext("2d");
  setInterval(() => {
    context.fillStyle = "#fff";
    context.fillRect(0, 0, 640, 480);
    context.fillStyle = "#000";
    window.__held.forEach((row, y) => row.forEach((dark, x) => {
      if (dark) context.fillRect(150 + x * 8, 70 + y * 8, 8, 8);
    }));
  }, 50);
  return canvas.captureStream(15);
};
"""
# What was asked of the platform to keep the screen on.
_AWAKE = """
window.__locks = [];
if (navigator.wakeLock) {
  const ask = navigator.wakeLock.request.bind(navigator.wakeLock);
  navigator.wakeLock.request = async (kind) => {
    const lock = await ask(kind);
    window.__locks.push(lock);
    return lock;
  };
}
"""
# How many locks there were before and after the screen was away; the platform lets go of them by itself then.
_LEAVE = """async () => {
  const pause = () => new Promise((done) => setTimeout(done, 10));
  while (!window.__locks.length) await pause();
  const before = window.__locks.length;
  await window.__locks.at(-1).release();
  document.dispatchEvent(new Event("visibilitychange"));
  while (window.__locks.length === before) await pause();
  return [before, window.__locks.length];
}"""
# A hardware scanner, as the page hears it.
TYPE = """text => {
  const press = (key) => new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
  for (const event of [...text, "Enter"].map(press)) document.body.dispatchEvent(event);
}"""
# What the browser says of every call while there is no network.
_NO_NETWORK = "net::ERR_INTERNET_DISCONNECTED"


@dataclass
class GatePhone:
    """A phone with the gate's page."""

    tab: Tab
    url: str

    async def pair(self, code: str, name: str) -> None:
        """Join a gate as whoever is signed in, and wait until it could go without a network."""
        page = self.tab.page
        await page.goto(f"{self.url}/gate?pair={code}")
        await page.get_by_label("Nama perangkat").fill(name)
        await page.get_by_role("button", name="Pasangkan").click()
        await self.is_synced()

    async def pair_by_camera(self, code: str, name: str) -> None:
        """The same, by the QR on the organizer's screen."""
        page = self.tab.page
        await page.goto(f"{self.url}/gate")
        await page.get_by_role("button", name="Pindai QR pemasangan").click()
        await self.hold(f"{self.url}/gate?pair={code}")
        await expect(page.get_by_label("Kode pemasangan")).to_have_value(f"{code[:4]}-{code[4:]}")
        await page.get_by_label("Nama perangkat").fill(name)
        await page.get_by_role("button", name="Pasangkan", exact=True).click()
        await self.is_synced()

    async def is_synced(self) -> None:
        """Wait for the list of tickets."""
        state = self.tab.page.locator("#scan-state")
        await expect(state).to_have_attribute("data-state", "online")
        await expect(state).to_have_attribute("data-roster", "here")

    async def hold(self, text: str = "") -> None:
        """Hold a QR code before the camera, or take it away."""
        rows = [[module & 1 for module in row] for row in segno.make(text, error="l").matrix] if text else []
        await self.tab.page.evaluate("rows => { window.__held = rows }", rows)

    async def scan(self, text: str) -> None:
        """Read a code with a scanner that types."""
        await self.tab.page.evaluate(TYPE, text)

    async def says(self, word: str, detail: str = "") -> None:
        """Expect a verdict, and tap it away where it still stands: a good one goes by itself."""
        page = self.tab.page
        await expect(page.locator("#history-list > li").first).to_contain_text(word)
        await expect(page.locator("#verdict-word")).to_have_text(word)
        await expect(page.locator("#said")).to_contain_text(detail or word)
        await page.locator("#verdict-next").dispatch_event("click")
        await expect(page.locator("#verdict")).to_be_hidden()

    async def judges(self, text: str, word: str, detail: str = "") -> None:
        """Scan a code and expect one more verdict."""
        verdicts = self.tab.page.locator("#history-list > li")
        before = await verdicts.count()
        await self.scan(text)
        await expect(verdicts).to_have_count(before + 1)
        await self.says(word, detail)

    async def vouch_for(self, name: str, reason: str) -> None:
        """Let somebody pass whose code cannot be read, and say why."""
        page = self.tab.page
        await page.get_by_role("button", name="Ketik").click()
        await page.get_by_label("Cari nama atau akhir kode").fill(name)
        await page.get_by_role("button", name="Cari").click()
        await page.locator("#manual-list button").click()
        await expect(page.get_by_text("Tulis alasannya dulu")).to_be_visible()
        await page.get_by_label("Alasan meloloskan tanpa kode").fill(reason)
        await page.locator("#manual-list button").click()

    async def locks(self) -> list[int]:
        """How often it asked to keep its screen on: so far, and once somebody looked at another app in between."""
        counts: list[int] = await self.tab.page.evaluate(_LEAVE)
        return counts

    async def lose_network(self) -> None:
        """No network from now on, and the page opened anew."""
        page = self.tab.page
        await page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
        await page.context.set_offline(True)
        await page.reload()
        await expect(page.locator("#scan-state")).to_have_attribute("data-state", "offline")

    async def find_network(self) -> None:
        """The network is back, and everything that waited is sent."""
        await self.tab.page.context.set_offline(False)
        await self.is_synced()
        await expect(self.tab.page.locator("#scan-state-text")).to_have_text("Tersambung")

    def faults(self) -> list[str]:
        """What went wrong in its browser, except for the lack of a network."""
        return [fault for fault in self.tab.faults if _NO_NETWORK not in fault]


@asynccontextmanager
async def holding(
    browser: Browser, url: str, session: dict[str, str] | None = None
) -> AsyncIterator[GatePhone]:
    """A phone with a camera; with the session of somebody who signed in before."""
    async with visiting(browser) as tab:
        await tab.page.context.add_init_script(CAMERA + _AWAKE)
        await tab.page.context.grant_permissions(["screen-wake-lock"])
        await tab.page.set_viewport_size({"width": 360, "height": 740})
        if session:
            await tab.page.context.add_cookies([{"name": SESSION, "value": session[SESSION], "url": url}])
        phone = GatePhone(tab, url)
        yield phone
        assert phone.faults() == []
        assert await tab.violations() == []
