"""A browser for the scripts of the gate."""

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.gates.pages import serving
from tests.journeys.browser import launch
from tests.support.browser import find_chromium


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A Chromium for all files; tests that ask for it are marked `browser`."""
    executable = find_chromium()
    if executable is None:
        pytest.skip("browser tests need Chromium; none was found (apt-get install chromium)")
    async with async_playwright() as playwright:
        started = await launch(playwright, executable)
        yield started
        await started.close()


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """Where the gate's scripts are."""
    with serving() as address:
        yield address


@pytest.fixture
async def page(browser: Browser, site: str) -> AsyncIterator[Page]:
    """A blank page of a browser that remembers nothing."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(site)
    yield page
    await context.close()
