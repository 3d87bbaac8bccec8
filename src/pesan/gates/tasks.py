"""Jobs of this module."""

from sqlalchemy import delete, func

from pesan.db import Actor, Database, WriteSession
from pesan.gates.models import GatePairing
from pesan.jobs import task
from pesan.kit.registry import Registry


@task("gates.purge_pairings", every="23 3 * * *")
async def purge_pairings(deps: Registry) -> None:
    """Forget pairing codes whose ten minutes are over, used or not: that they were made stands in the audit."""
    async with deps[Database].write(Actor.system("gates")) as session:
        await purge(session)


async def purge(session: WriteSession) -> None:
    """Delete the codes that nobody can use any more, by the database's clock."""
    await session.execute(delete(GatePairing).where(GatePairing.expires_at < func.clock_timestamp()))
