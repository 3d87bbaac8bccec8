"""Making merchants: what is refused, and why."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from pesan.db import Database
from pesan.tenancy.errors import SlugTaken
from pesan.tenancy.models import Merchant
from tests.support.factories import SYSTEM, Make


async def count(database: Database) -> int:
    async with database.read(SYSTEM) as session:
        return await session.scalar(select(func.count()).select_from(Merchant)) or 0


async def test_merchant_with_a_taken_slug_is_refused(make: Make, database: Database):
    await make.merchant(slug="kopi-teduh")

    with pytest.raises(SlugTaken):
        await make.merchant(slug="kopi-teduh")

    assert await count(database) == 1


@pytest.mark.parametrize("wrong", [{"slug": "Kopi Teduh"}, {"accent": "ungu"}, {"name": None}])
async def test_merchant_who_breaks_another_rule_is_not_said_to_have_a_taken_slug(
    make: Make, database: Database, wrong: dict[str, str | None]
):
    with pytest.raises(IntegrityError):
        await make.merchant(**wrong)

    assert await count(database) == 0
