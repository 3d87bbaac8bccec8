"""What every object store can do here, whichever company or disk is behind it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Content:
    """One object on its way out."""

    size: int
    chunks: AsyncIterator[bytes]


class Storage(Protocol):
    """Objects by key. Every method raises StorageUnavailable when the store does not do what it was asked."""

    async def put(self, key: str, content: bytes, mime: str) -> None:
        """Store `content` whole or not at all; readers never see half of it."""

    async def get(self, key: str) -> bytes:
        """The whole object; raises ObjectMissing."""

    async def open(self, key: str) -> Content:
        """The object as a stream; raises ObjectMissing."""

    async def delete(self, *keys: str) -> None:
        """Remove objects; one that is not there is removed already."""

    async def exists(self, key: str) -> bool:
        """Whether the object is there."""
        ...

    def list(self, prefix: str, *, before: datetime | None = None) -> AsyncIterator[str]:
        """The keys under `prefix`, last written before `before` if given."""
        ...
