"""`pesan` as an operator runs it, on an instance of the test's own."""

from collections.abc import Iterator

import psycopg
import pytest

from pesan.settings import Settings
from tests.support.commands import Commands
from tests.support.service import environment_of


@pytest.fixture
def pesan(settings: Settings) -> Commands:
    """Commands on the test's database."""
    return Commands(settings.home, environment_of(settings))


@pytest.fixture
def owner(settings: Settings) -> Iterator[psycopg.Connection]:
    """The database's owner, who can do behind the application's back what nobody else can."""
    address = settings.database_url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(address, autocommit=True) as connection:
        yield connection
