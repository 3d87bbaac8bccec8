"""What is over is forgotten; what still counts stays."""

import pytest
from sqlalchemy import URL, func, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from pesan.db import Database
from pesan.identity.errors import WrongCredentials
from pesan.identity.models import LogInGuard, Session
from pesan.identity.service import log_in
from pesan.identity.tasks import purge
from tests.identity.conftest import PASSWORD, SYSTEM


async def test_purge_forgets_only_what_is_long_over(database: Database, database_url: URL, make_user) -> None:
    user = await make_user()
    opened = [await log_in(database, email=user.email, password=PASSWORD) for _ in range(2)]
    for email in ("old@kopi.example", "new@kopi.example"):
        with pytest.raises(WrongCredentials):
            await log_in(database, email=email, password="bukan")
    owner = create_async_engine(database_url)
    async with owner.begin() as connection:
        await connection.execute(
            text("UPDATE sessions SET expires_at = now() - interval '31 days' WHERE id = :id"),
            {"id": opened[0].session_id},
        )
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
        assert list(await session.scalars(select(Session.id))) == [opened[1].session_id]
        assert await session.scalar(select(func.count()).select_from(LogInGuard)) == 1
