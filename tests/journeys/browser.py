"""A real Chromium: found, not downloaded; strict about the page's own policy; with axe at hand.

A strict Content-Security-Policy refuses `wait_for_function` and injected script tags, so tests wait by locators and
`evaluate`. Nothing here bypasses the policy, because that would hide real faults.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Page, Playwright, Response, ViewportSize, expect

# A colour on its way to another has a contrast that nobody gets to see.
_AT_REST = """Promise.all(document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
    .map((one) => one.finished.catch(() => undefined)))"""
# Chromium lets children keep the colours of the old scheme that they inherited, until they are styled anew.
_DARKEN = """document.documentElement.dataset.theme = "dark";
    document.body.hidden = true;
    document.body.offsetHeight;
    document.body.hidden = false;"""
# Not innerWidth: a phone zooms out until a page that is too wide fits. What moves still, as from one view to the next,
# and what a script measures takes some frames to follow.
_WIDER = """new Promise((tell) => {
    const root = document.documentElement;
    let frames = 120;
    const look = () => {
        const wider = root.scrollWidth - root.clientWidth;
        if (wider > 0 && frames--) requestAnimationFrame(look);
        else tell(wider);
    };
    look();
})"""
AXE = Path(__file__).parent.parent / "assets" / "axe.min.js"
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
# What another colour scheme can break on the same page.
COLOUR_RULES = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
# Every rule is tried all the same; what keeps them is not written down, which took longer than trying them.
BROKEN_ONLY = {"resultTypes": ["violations"], "selectors": False}
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 860}
NARROWEST = 320
# The browser says this of every page that answers with an error status, which some tests want.
_EXPECTED_NOISE = "Failed to load resource: the server responded with a status of 4"
_COLLECT = """
window.__violations = [];
addEventListener("securitypolicyviolation", (event) =>
  window.__violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


async def launch(playwright: Playwright, executable: str) -> Browser:
    """A headless browser; without a sandbox, because tests run as root too."""
    return await playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])


@dataclass
class Tab:
    """One page of a visitor with cookies of its own, and everything that went wrong in it."""

    page: Page
    faults: list[str] = field(default_factory=list)
    has_scripts: bool = True

    async def open(self, url: str) -> Response | None:
        """Go to `url` and wait until its scripts have run."""
        response = await self.page.goto(url)
        await self.settle()
        return response

    async def settle(self) -> None:
        """Wait until the page has loaded and its scripts have run."""
        await (scripts_ran(self.page) if self.has_scripts else self.page.wait_for_load_state())

    async def violations(self) -> list[str]:
        """What the page's policy blocked since it was opened."""
        found: list[str] = await self.page.evaluate("window.__violations ?? []")
        return found

    async def inspect(self, url: str) -> list[str]:
        """What is wrong with one page, in light, in the dark, at 320 pixels and by its own policy; in one load."""
        await self.open(url)
        found = await self.axe()
        await self.page.evaluate(_DARKEN)
        found += [f"in the dark, {fault}" for fault in await self.axe(COLOUR_RULES)]
        return [*found, *await self._overflow(), *await self.violations()]

    async def axe(self, rules: dict[str, Any] = RULES) -> list[str]:
        """Every accessibility rule that the page breaks, with the first element that breaks it."""
        await self.settle()
        await self.page.evaluate(_AT_REST)
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(AXE.read_text())
        wish = {"runOnly": rules, **BROKEN_ONLY}
        result: dict[str, Any] = await self.page.evaluate("wish => axe.run(document, wish)", wish)
        return [f"{broken['id']}: {broken['nodes'][0]['html'][:160]}" for broken in result["violations"]]

    async def _overflow(self) -> list[str]:
        size = self.page.viewport_size
        assert size is not None
        await self.page.set_viewport_size({"width": NARROWEST, "height": size["height"]})
        wide: int = await self.page.evaluate(_WIDER)
        await self.page.set_viewport_size(size)
        return [f"{wide} pixels wider than {NARROWEST}"] if wide > 0 else []

    def note(self, message: ConsoleMessage) -> None:
        """Keep what the console reports as an error."""
        if message.type == "error" and not message.text.startswith(_EXPECTED_NOISE):
            self.faults.append(message.text)


async def scripts_ran(page: Page) -> None:
    """Wait for the modules of all islands, which come after the page: a key pressed before is heard by nobody."""
    await page.wait_for_load_state()
    await expect(page.locator("[data-island]:not([data-started])")).to_have_count(0)


@asynccontextmanager
async def visiting(
    browser: Browser,
    *,
    phone: bool = True,
    scripts: bool = True,
) -> AsyncIterator[Tab]:
    """A visitor with an empty browser."""
    context = await browser.new_context(
        viewport=PHONE if phone else DESKTOP,
        color_scheme="light",
        is_mobile=phone,
        has_touch=phone,
        java_script_enabled=scripts,
        locale="id-ID",
        reduced_motion="reduce",
    )
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    await context.add_init_script(_COLLECT)
    tab = Tab(await context.new_page(), has_scripts=scripts)
    tab.page.on("console", tab.note)
    tab.page.on("pageerror", lambda error: tab.faults.append(str(error)))
    try:
        yield tab
    finally:
        await context.close()
