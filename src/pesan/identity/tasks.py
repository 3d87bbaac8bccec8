"""Jobs of this module."""

from sqlalchemy import delete, func

from pesan.db import Actor, Database, WriteSession
from pesan.identity.factors.models import PasskeyChallenge
from pesan.identity.models import LogInGuard
from pesan.identity.states import FORGET_ATTEMPTS_AFTER, LONGEST_LOCK
from pesan.jobs import task
from pesan.kit.registry import Registry


@task("identity.purge_ended", every="17 3 * * *")
async def purge_ended(deps: Registry) -> None:
    """Forget counts that no longer count and questions that nobody answered; sessions end with `privacy.retention`."""
    async with deps[Database].write(Actor.system("identity")) as session:
        await purge(session)


async def purge(session: WriteSession) -> None:
    """Delete what nothing refers to any more, by the database's clock."""
    clock = func.clock_timestamp()
    await session.execute(
        delete(LogInGuard).where(LogInGuard.failed_at < clock - FORGET_ATTEMPTS_AFTER - LONGEST_LOCK)
    )
    await session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.expires_at < clock))
