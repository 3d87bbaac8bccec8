"""Fixtures of the audit's tests."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import make_url

from pesan.settings import Settings
from tests.support.postgres import Server


@pytest.fixture
def owner(settings: Settings, postgres: Server) -> Iterator[psycopg.Connection]:
    """The owner of the tables, whom no grant and no policy binds."""
    with postgres.connect(str(make_url(settings.database_url).database)) as connection:
        yield connection
