"""What tests of money need beside the usual."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


@pytest.fixture
async def owner(database_url: URL) -> AsyncIterator[AsyncEngine]:
    """The tables' owner, whom no policy binds: for what no role of the application may do."""
    engine = create_async_engine(database_url, pool_size=1)
    yield engine
    await engine.dispose()
