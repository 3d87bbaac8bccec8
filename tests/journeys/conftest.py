"""People's whole ways through the real service, in a real browser."""

from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.async_api import Browser, async_playwright, expect

from pesan.db import Database
from pesan.settings import Settings
from tests.journeys.browser import Tab, launch, visiting
from tests.support.browser import find_chromium
from tests.support.factories import Make
from tests.support.instance import shared_instance
from tests.support.mailbox import Mailbox, running_mailbox
from tests.support.postgres import Server
from tests.support.schema import open_database
from tests.support.service import Service, services


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A Chromium for all journeys; without one they are skipped, saying so."""
    executable = find_chromium()
    if executable is None:
        pytest.skip("browser tests need Chromium; none was found (apt-get install chromium)")
    # Pages ask again after half a minute where a stream broke or an answer did not come, as on a busy machine.
    expect.set_options(timeout=45_000)
    async with async_playwright() as playwright:
        started = await launch(playwright, executable)
        yield started
        await started.close()


@pytest.fixture(scope="package")
def settings(
    postgres: Server, template: str, role_prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """One instance for the journeys, each with a merchant of its own: starting it takes longer than most of them."""
    with shared_instance(postgres, template, role_prefix, tmp_path_factory.mktemp("home")) as settings:
        yield settings


@pytest.fixture(scope="package")
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The journeys' database, as the worker logs in."""
    opened = open_database(settings, "worker")
    yield opened
    await opened.dispose()


@pytest.fixture(scope="package")
def make(database: Database) -> Make:
    """Makes merchants, events, people and orders in the journeys' database."""
    return Make(database)


@pytest.fixture(scope="package")
async def mailbox() -> AsyncIterator[Mailbox]:
    """Where the service's mail arrives, whoever it is for."""
    async with running_mailbox() as opened:
        yield opened


@pytest.fixture(scope="package")
async def service(
    settings: Settings, mailbox: Mailbox, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    """The whole service: web and worker, in processes of their own."""
    async with services(settings, tmp_path_factory.mktemp("service")) as start:
        yield await start(PESAN_SMTP_URL=mailbox.url)


@pytest.fixture
async def tab(browser: Browser) -> AsyncIterator[Tab]:
    """A guest on a phone, in daylight; nothing may go wrong in their browser."""
    async with visiting(browser) as guest:
        yield guest
        assert guest.faults == []


@pytest.fixture
def proof(tmp_path: Path) -> Path:
    """A screenshot of a transfer."""
    picture = Image.new("RGB", (540, 960), "#f4f7fb")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((40, 80, 500, 220), fill="#123f8c")
    draw.text((60, 300), "Transfer berhasil Rp 150.356", fill="#111111")
    content = BytesIO()
    picture.save(content, "PNG")
    path = tmp_path / "bukti.png"
    path.write_bytes(content.getvalue())
    return path
