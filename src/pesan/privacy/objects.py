"""Files whose rows are gone."""

from collections.abc import Sequence

from pesan.storage import Storage
from pesan.storage.keys import folder_of


async def delete_objects(storage: Storage, keys: Sequence[str]) -> None:
    """Delete every version of these files; what a crash leaves behind is collected at night."""
    for key in keys:
        await storage.delete(*[found async for found in storage.list(folder_of(key))])
