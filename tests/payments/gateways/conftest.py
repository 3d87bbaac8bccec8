"""The one client that all providers are asked through."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.certificates import certificates


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(verify=certificates()) as client:
        yield client
