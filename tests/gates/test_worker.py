"""The worker that keeps the scanner, while a new version of it comes to phones that are at work."""

import json
from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, Page

from tests.gates.pages import STATIC, Answers, serving

pytestmark = pytest.mark.browser
# A worker takes over its page by itself, and soon.
INSTALL = """async () => {
    const taken = new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve));
    const known = await navigator.serviceWorker.getRegistration("/gate");
    if (known) await known.update();
    else await navigator.serviceWorker.register("/gate/sw.js", { scope: "/gate" });
    await taken;
}"""
PART = "(version) => fetch(`/static/${version}/part.js`).then((answer) => answer.text())"


class Deployed(Answers):
    """One version of the scanner; parts of others are not there."""

    version = "v1"

    def do_GET(self) -> None:  # noqa: N802
        part = f"/static/{self.version}/part.js"
        if self.path == "/gate/sw.js":
            worker = (STATIC / "js/gate/sw.js").read_text().replace("__VERSION__", self.version)
            kept = json.dumps(["/gate", part])[1:-1]
            return self.answer(200, worker.replace('"__KEPT__"', kept).encode(), "text/javascript")
        if self.path.startswith("/static/"):
            return self.answer(200 if self.path == part else 404, self.path.encode(), "text/javascript")
        return super().do_GET()

    def end_headers(self) -> None:
        self.send_header("service-worker-allowed", "/gate")
        super().end_headers()


@pytest.fixture
def deployed() -> Iterator[tuple[str, type[Deployed]]]:
    own = type("Own", (Deployed,), {})
    with serving(own) as address:
        yield address, own


async def open_gate(browser_page: Page, address: str) -> list[str]:
    """Start the scanner; the versions that the phone keeps then."""
    await browser_page.goto(f"{address}/gate")
    kept: list[str] = await browser_page.evaluate("caches.keys()")
    return kept


async def test_page_of_the_version_before_keeps_its_parts_while_it_is_open(
    browser: Browser, deployed: tuple[str, type[Deployed]]
):
    address, server = deployed
    context = await browser.new_context()
    page = await context.new_page()
    await open_gate(page, address)
    await page.evaluate(INSTALL)

    server.version = "v2"
    await page.evaluate(INSTALL)
    parts = [await page.evaluate(PART, version) for version in ("v1", "v2")]
    await page.close()

    assert parts == ["/static/v1/part.js", "/static/v2/part.js"]
    while True:  # until the browser has noticed that the old page is gone
        page = await context.new_page()
        if await open_gate(page, address) == ["pesan-gate-v2"]:
            break
        await page.close()
    await context.close()
