"""An event whose gates are open, and a browser for the gate's scripts."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import psycopg
import pytest
from playwright.async_api import Browser, Page, async_playwright
from sqlalchemy import URL

from pesan.db import Database
from pesan.settings import Settings
from tests.gates.pages import serving
from tests.gates.steps import Venue, open_venue
from tests.journeys.browser import launch
from tests.support.browser import find_chromium
from tests.support.factories import Make

AsOwner = Callable[[str], Awaitable[None]]


@pytest.fixture
async def venue(make: Make, database: Database, settings: Settings) -> AsyncIterator[Venue]:
    """An event whose gates are open; whatever a test does there, what must hold holds at its end."""
    opened = await open_venue(make, database, settings.secret)
    yield opened
    assert await opened.offenders() == {}


@pytest.fixture
def as_owner(database_url: URL) -> AsOwner:
    """A statement as the tables' owner, whom no policy binds: for what no gate may do."""
    address = database_url.set(drivername="postgresql").render_as_string(hide_password=False)

    async def run(statement: str) -> None:
        async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
            await connection.execute(statement.encode())

    return run


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
