"""A real Chromium: found, not downloaded; strict about the page's own policy; with axe at hand.

A strict Content-Security-Policy refuses `wait_for_function` and injected script tags, so tests wait by locators and
`evaluate`. Nothing here bypasses the policy, because that would hide real faults.
"""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, ConsoleMessage, Page, Playwright, Response

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# A colour on its way to another has a contrast that nobody gets to see.
_ANIMATIONS_END = """Promise.all(document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
    .map((one) => one.finished.catch(() => undefined)))"""
AXE = Path(__file__).parent.parent / "assets" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 860}
# The browser says this of every page that answers with an error status, which some tests want.
_EXPECTED_NOISE = "Failed to load resource: the server responded with a status of 4"
_COLLECT = """
window.__violations = [];
addEventListener("securitypolicyviolation", (event) =>
  window.__violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""

Scheme = Literal["light", "dark"]


def find_chromium() -> str | None:
    """The Chromium to test with: the one that PESAN_TEST_CHROMIUM names, else one on the path."""
    named = os.environ.get("PESAN_TEST_CHROMIUM", "")
    found = (shutil.which(name) for name in ((named,) if named else NAMES))
    return next((path for path in found if path), None)


async def launch(playwright: Playwright, executable: str) -> Browser:
    """A headless browser; without a sandbox, because tests run as root too."""
    return await playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])


@dataclass
class Tab:
    """One page of a visitor with cookies of its own, and everything that went wrong in it."""

    page: Page
    faults: list[str] = field(default_factory=list)

    async def open(self, url: str) -> Response | None:
        """Go to `url` and wait until its scripts have run."""
        response = await self.page.goto(url)
        await self.page.wait_for_load_state("load")
        return response

    async def violations(self) -> list[str]:
        """What the page's policy blocked since it was opened."""
        found: list[str] = await self.page.evaluate("window.__violations ?? []")
        return found

    async def axe(self) -> list[str]:
        """Every accessibility rule that the page breaks, with the first element that breaks it."""
        await self.page.evaluate(_ANIMATIONS_END)
        await self.page.evaluate(AXE.read_text())
        options = {"runOnly": {"type": "tag", "values": RULES}}
        result: dict[str, Any] = await self.page.evaluate("options => axe.run(document, options)", options)
        return [f"{broken['id']}: {broken['nodes'][0]['html'][:160]}" for broken in result["violations"]]

    async def overflow(self) -> int:
        """How many pixels the page is wider than its window."""
        width: int = await self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        return width

    def note(self, message: ConsoleMessage) -> None:
        """Keep what the console reports as an error."""
        if message.type == "error" and not message.text.startswith(_EXPECTED_NOISE):
            self.faults.append(message.text)


@asynccontextmanager
async def visiting(
    browser: Browser,
    *,
    scheme: Scheme = "light",
    phone: bool = True,
    scripts: bool = True,
    width: int | None = None,
) -> AsyncIterator[Tab]:
    """A visitor with an empty browser."""
    viewport = dict(PHONE if phone else DESKTOP)
    viewport["width"] = width or viewport["width"]
    context = await browser.new_context(
        viewport=viewport,  # type: ignore[arg-type]
        color_scheme=scheme,
        is_mobile=phone,
        has_touch=phone,
        java_script_enabled=scripts,
        locale="id-ID",
        reduced_motion="reduce",
    )
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    await context.add_init_script(_COLLECT)
    tab = Tab(await context.new_page())
    tab.page.on("console", tab.note)
    tab.page.on("pageerror", lambda error: tab.faults.append(str(error)))
    try:
        yield tab
    finally:
        await context.close()
