"""Two merchants with everything, which take longer to make than a test of them."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.pool import NullPool

from tests.db.worlds import World, make_world
from tests.support.factories import Make
from tests.support.instance import shared_instance
from tests.support.postgres import Server
from tests.support.schema import open_database


@pytest.fixture(scope="module")
async def populated(
    postgres: Server, template: str, role_prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[str, World]]:
    """The name of a database with both merchants, made once, and who they are; tests change copies of it."""
    with shared_instance(postgres, template, role_prefix, tmp_path_factory.mktemp("home")) as settings:
        database = open_database(settings, "worker")
        with create_engine(settings.database_url, poolclass=NullPool).connect() as owner:
            world = await make_world(Make(database), database, settings.secret, owner)
        await database.dispose()
        yield str(make_url(settings.database_url).database), world
