"""Jobs of this module."""

from pesan.db import Actor, Database
from pesan.idempotency.service import purge_old
from pesan.jobs import task
from pesan.kit.registry import Registry

_CHUNK = 1_000


@task("idempotency.purge", every="17 * * * *")
async def purge(deps: Registry) -> None:
    """Forget answers whose time is over, in chunks."""
    while True:
        async with deps[Database].write(Actor.system("idempotency")) as session:
            if await purge_old(session, chunk=_CHUNK) < _CHUNK:
                return
