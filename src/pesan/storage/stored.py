"""Storing a file together with the row that names it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DataError, IntegrityError

from pesan.errors import PesanError
from pesan.storage.base import Storage
from pesan.storage.inspection.files import CleanFile
from pesan.storage.keys import Kind, new_folder, owned_key, version_key


@asynccontextmanager
async def stored(
    storage: Storage, kind: Kind, clean: CleanFile, *, owner: str | None = None
) -> AsyncIterator[str]:
    """The key of a freshly stored file, for the block that writes its row; removed again if that is refused.

    A kind of `OWNED` names the `owner` that it is kept under.

    Only a certain refusal removes it. A cancelled request or a commit whose outcome nobody knows may have written
    the row; then the object stays, and if no row names it, it is collected after a day.
    Raises StorageUnavailable before the block runs.
    """
    keys = _owned(kind, owner, clean) if owner else _in_folder(kind, clean)
    await _put(storage, keys, clean)
    try:
        yield keys[0]
    except (PesanError, IntegrityError, DataError) as refusal:
        if not isinstance(refusal, PesanError) or refusal.status < 500:
            await _remove(storage, keys)
        raise


async def _put(storage: Storage, keys: list[str], clean: CleanFile) -> None:
    """All versions or none: one for which there was no room leaves the room that the others took."""
    try:
        for key, version in zip(keys, clean.versions, strict=True):
            await storage.put(key, version.content, version.mime)
    except PesanError:
        await _remove(storage, keys)
        raise


def _in_folder(kind: Kind, clean: CleanFile) -> list[str]:
    folder = new_folder(kind)
    return [f"{folder}/{version.filename}" for version in clean.versions]


def _owned(kind: Kind, owner: str, clean: CleanFile) -> list[str]:
    first, *others = clean.versions
    key = owned_key(kind, owner, first.filename.rpartition(".")[2])
    return [key, *(version_key(key, version.filename) for version in others)]


async def _remove(storage: Storage, keys: list[str]) -> None:
    try:
        await storage.delete(*keys)
    except PesanError:
        return  # the refusal is the answer; what stays behind is collected
