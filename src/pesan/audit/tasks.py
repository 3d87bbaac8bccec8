"""The audit's own work: sealing."""

from datetime import timedelta

from pesan.audit.sealing import seal
from pesan.db.actor import Actor
from pesan.db.database import Database
from pesan.jobs import task
from pesan.kit.registry import Registry
from pesan.logging import get_logger

log = get_logger(__name__)


@task("audit.seal", every=timedelta(seconds=3))
async def seal_entries(deps: Registry) -> None:
    """Seal what was written since the last block.

    The block's hash goes into the log: kept elsewhere, it proves later that nothing before it was rewritten.
    """
    async with deps[Database].write(Actor.system("audit")) as session:
        sealed = await seal(session)
    if sealed is not None:
        log.info("audit.sealed", block=sealed.block_id, hash=sealed.hash.hex())
