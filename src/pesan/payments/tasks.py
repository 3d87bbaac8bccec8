"""Jobs of payments."""

from pesan.db import Database
from pesan.jobs import task
from pesan.kit.registry import Registry
from pesan.payments.orphans import collect_orphans, mark_missing_proofs
from pesan.storage import Storage


@task("payments.collect_orphans", every="23 3 * * *")
async def collect_orphan_objects(deps: Registry) -> None:
    """Delete objects that no row names for a day, and note rows whose object is gone."""
    storage, database = deps[Storage], deps[Database]
    await collect_orphans(database, storage)
    await mark_missing_proofs(database, storage)
