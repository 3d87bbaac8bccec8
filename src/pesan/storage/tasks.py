"""Jobs of this module."""

from datetime import timedelta

from pesan.db import Database
from pesan.jobs import task
from pesan.kit.registry import Registry
from pesan.storage.keeping import KeepingStorage
from pesan.storage.moving import move_kept


# A loop and not a job for each object: a store that comes back is found by one of them, not by all at once.
@task("storage.move_kept", every=timedelta(seconds=5))
async def move(deps: Registry) -> None:
    """Move what is kept here to the store."""
    await move_kept(deps[Database], deps[KeepingStorage].store)
