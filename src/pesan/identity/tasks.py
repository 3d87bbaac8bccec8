"""Jobs of this module."""

from datetime import timedelta

from sqlalchemy import delete, func

from pesan.db import Actor, Database, WriteSession
from pesan.identity.factors.models import PasskeyChallenge
from pesan.identity.models import LogInGuard, Session
from pesan.identity.states import FORGET_ATTEMPTS_AFTER, LONGEST_LOCK
from pesan.jobs import task
from pesan.kit.registry import Registry

KEEP_ENDED_SESSIONS = timedelta(days=30)
"""Long enough to answer who was signed in when something happened."""


@task("identity.purge_ended", every="17 3 * * *")
async def purge_ended(deps: Registry) -> None:
    """Forget sessions that ended long ago, counts that no longer count, and questions that nobody answered."""
    async with deps[Database].write(Actor.system("identity")) as session:
        await purge(session)


async def purge(session: WriteSession) -> None:
    """Delete what nothing refers to any more, by the database's clock."""
    clock = func.clock_timestamp()
    await session.execute(delete(Session).where(Session.expires_at < clock - KEEP_ENDED_SESSIONS))
    await session.execute(
        delete(LogInGuard).where(LogInGuard.failed_at < clock - FORGET_ATTEMPTS_AFTER - LONGEST_LOCK)
    )
    await session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.expires_at < clock))
