"""What every test can ask for. One PostgreSQL for the run, and a fresh database, copied in 20 ms, for each test."""

import gc
import os
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import URL

from pesan.app.instance import Instance
from pesan.app.web import create_app
from pesan.app.wiring import build_registry
from pesan.db import Database
from pesan.kit.registry import Registry
from pesan.settings import Settings
from tests.support.browser import find_chromium
from tests.support.examples import choose_examples
from tests.support.factories import Make
from tests.support.passwords import hash_quickly
from tests.support.postgres import Server, running_server
from tests.support.queries import CountQueries, counter_for
from tests.support.schema import SECRET, make_template, open_database
from tests.support.service import StartService, services
from tests.support.statements import share_compiled_statements

if TYPE_CHECKING:
    from tests.support.whatsapp import FakeWhatsApp

# New objects before the collector looks for cycles among them: an application for each test makes many.
COLLECTOR = (10_000, 10, 10)
DATA_LAYER = {"audit", "capacity", "idempotency", "jobs", "orders"}
KEPT = ("PESAN_TEST_",)
DOCUMENT_NAMES = (
    "DATABASE_URL",
    "REDIS_URL",
    "JWT_SECRET",
    "QR_SECRET",
    "R2_BUCKET",
    "SENTRY_DSN",
    "PAYMENT_MODE",
)


def pytest_configure() -> None:
    """Take out of the environment whatever would configure an instance: tests say all of it themselves."""
    for name in list(os.environ):
        if (name.startswith("PESAN_") and not name.startswith(KEPT)) or name in DOCUMENT_NAMES:
            del os.environ[name]
    share_compiled_statements()
    choose_examples()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A second run on another PostgreSQL imports no more than it needs."""
    is_test = collection_path.suffix == ".py" and collection_path.name.startswith("test_")
    if (
        config.option.markexpr != "every_postgres"
        or not is_test
        or not DATA_LAYER.isdisjoint(collection_path.parts)
    ):
        return None
    return "every_postgres" not in collection_path.read_text() or None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What lives by the database runs on every PostgreSQL; what lives by a browser only where there is one."""
    if hasattr(config, "workerinput"):
        from tests.sharing import put_long_files_first

        put_long_files_first(items)
    skip = pytest.mark.skip(reason="there is no Chromium on this machine")
    for item in items:
        if any(part in DATA_LAYER for part in item.path.parts):
            item.add_marker(pytest.mark.every_postgres)
        if not find_chromium() and item.get_closest_marker("browser"):
            item.add_marker(skip)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give one process the files that share services; `-n` with another `--dist` is left as it is."""
    if config.getoption("dist") != "loadfile":
        return None
    from tests.sharing import FolderScheduling

    return FolderScheduling(config, log)


def pytest_collection_finish() -> None:
    """What stays for the whole run is not looked through for garbage again between tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a test logged travels from its worker as UTF-8, which has no lone surrogates."""
    report = yield
    report.sections = [
        (name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections
    ]
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in the last lines what this run could not show."""
    if not find_chromium():
        terminalreporter.write_line(
            "Browser tests were skipped: there is no Chromium, and it can be installed only as root with apt-get."
        )


@pytest.fixture(autouse=True)
def passwords(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only tests of hashing itself, marked `real_hashes`, do the 0.2 s of work that every password takes."""
    if request.node.get_closest_marker("real_hashes") is None:
        hash_quickly(monkeypatch)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """The server; see `tests.support.postgres` for how to choose another."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def role_prefix() -> str:
    """Roles belong to a whole server, so somebody else's server gets names of the tests' own."""
    return "pesan_test" if os.environ.get("PESAN_TEST_DATABASE_URL") else "pesan"


@pytest.fixture(scope="session")
def template(postgres: Server, role_prefix: str) -> str:
    """The migrated database that tests copy."""
    return make_template(postgres, role_prefix)


@pytest.fixture
def database_url(postgres: Server, template: str) -> Iterator[URL]:
    """The owner's address of a fresh database."""
    name = f"pesan_{uuid4().hex}"
    yield postgres.create(name, template=template)
    postgres.drop(name)


@pytest.fixture
def settings(database_url: URL, role_prefix: str, tmp_path: Path) -> Settings:
    """A development instance of the test's own: its database, its home, no rate limits."""
    return Settings(
        home=tmp_path / "home",
        secret_key=SecretStr(SECRET),
        base_url="http://127.0.0.1",
        database_url=database_url.render_as_string(hide_password=False),
        database_role_prefix=role_prefix,
        database_pool_size=5,
        # A machine that stands still for a second must not look like a lock that is never given back.
        lock_timeout_ms=28_000,
        statement_timeout_ms=60_000,
        rate_limits="off",
    )


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The fresh database as the worker logs in, which may take every role; policies hold all the same."""
    database = open_database(settings, "worker")
    yield database
    await database.dispose()


@pytest.fixture
async def web_database(settings: Settings) -> AsyncIterator[Database]:
    """The same database as the web process logs in, which can never become `system`."""
    database = open_database(settings, "web")
    yield database
    await database.dispose()


@pytest.fixture
def make(database: Database) -> Make:
    """Makes merchants, events, people and orders in `database`."""
    return Make(database)


@pytest.fixture
def registry(settings: Settings, database_url: URL) -> Registry:
    """The objects of a web process on the test's database; `app` starts and ends them."""
    return build_registry(Instance(settings, database_url, None), "web")


@pytest.fixture
async def app(registry: Registry) -> AsyncIterator[FastAPI]:
    """The whole application, running in this process."""
    app = create_app(registry)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Asks `app` without a socket; for real connections and several processes there is `live_server`."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture
async def live_server(settings: Settings, tmp_path: Path) -> AsyncIterator[StartService]:
    """Starts the whole service in processes of its own, on the test's database: `await live_server(workers=4)`."""
    async with services(settings, tmp_path) as start:
        yield start


@pytest.fixture
async def whatsapp() -> AsyncIterator["FakeWhatsApp"]:
    """WhatsApp on a socket of its own; see `tests.support.whatsapp` for how an application and it get to know."""
    from tests.support.whatsapp import running_whatsapp

    async with running_whatsapp() as fake:
        yield fake


@pytest.fixture
def count_page_queries(registry: Registry) -> CountQueries:
    """Notes every statement that `app` executes inside the block, through its own pool."""
    return counter_for(registry[Database].engine)


@pytest.fixture
def count_queries(database: Database) -> CountQueries:
    """Notes every statement that `database` executes inside the block."""
    return counter_for(database.engine)
