"""Jobs of this module."""

from pesan.db import Actor, Database
from pesan.idempotency.service import purge_old
from pesan.jobs import task
from pesan.kit.registry import Registry
from pesan.settings import Settings

_CHUNK = 1_000


@task("idempotency.purge", every="17 * * * *")
async def purge(deps: Registry) -> None:
    """Forget answers whose time is over, in chunks; every hour, because a hot sale leaves many."""
    hours = deps[Settings].retention_idempotency_hours
    while True:
        async with deps[Database].write(Actor.system("idempotency")) as session:
            if await purge_old(session, hours=hours, chunk=_CHUNK) < _CHUNK:
                return
