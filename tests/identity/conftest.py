"""People of a merchant, made as the command line makes them."""

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import pytest

from pesan.db import Actor, Database
from pesan.identity.models import User
from pesan.identity.service import create_user
from pesan.tenancy.models import Merchant
from pesan.tenancy.service import create_merchant

SYSTEM = Actor.system("tests")
PASSWORD = "kuda sepeda awan"


@pytest.fixture
async def merchant(database: Database) -> Merchant:
    async with database.write(SYSTEM) as session:
        return await create_merchant(session, name="Kopi Senja", slug="kopi-senja", actor=SYSTEM)


@pytest.fixture
def make_user(database: Database) -> Callable[..., Awaitable[User]]:
    numbers = count(1)

    async def make(**overrides: Any) -> User:
        wanted = {"email": f"siti{next(numbers)}@kopi.example", "name": "Siti Rahma", "password": PASSWORD}
        async with database.write(SYSTEM) as session:
            return await create_user(session, actor=SYSTEM, **(wanted | overrides))

    return make
