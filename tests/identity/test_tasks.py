"""What is over is forgotten; what still counts stays."""

import pytest
from sqlalchemy import URL, func, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from pesan.db import Database
from pesan.identity.errors import WrongCredentials
from pesan.identity.models import LogInGuard
from pesan.identity.service import log_in
from pesan.identity.tasks import purge
from tests.identity.conftest import SYSTEM


async def test_purge_forgets_only_what_is_long_over(database: Database, database_url: URL) -> None:
    for email in ("old@kopi.example", "new@kopi.example"):
        with pytest.raises(WrongCredentials):
            await log_in(database, email=email, password="bukan")
    owner = create_async_engine(database_url)
    async with owner.begin() as connection:
        await connection.execute(
            text(
                "UPDATE log_in_guards SET failed_at = now() - interval '49 hours'"
                " WHERE email_digest = sha256('old@kopi.example')"
            )
        )
    await owner.dispose()

    async with database.write(SYSTEM) as session:
        await purge(session)

    async with database.identity() as session:
        assert await session.scalar(select(func.count()).select_from(LogInGuard)) == 1
