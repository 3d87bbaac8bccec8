"""Who is signed in, as far as routes and templates need to know; identity says who that is."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol
from uuid import UUID

from pesan.db import Actor

ORGANIZER = "organizer"


class Person(Protocol):
    """Somebody with a live session, and their roles at this request."""

    @property
    def roles(self) -> Mapping[UUID, str]:
        """`organizer` or `staff`, per merchant."""
        ...

    @property
    def is_platform_admin(self) -> bool:
        """Whether every merchant is theirs to see."""
        ...

    @property
    def lacks_factor(self) -> bool:
        """Whether a merchant withholds a role until they sign in with a second factor."""
        ...

    def to_actor(self, *, ip_digest: str | None = None) -> Actor:
        """The actor that their transactions run as."""
        ...


class Sessions:
    """Finds the person behind a session cookie, by the function that a composition root gives."""

    def __init__(self, find: Callable[[str], Awaitable[Person | None]] | None = None) -> None:
        self._find = find

    async def find(self, token: str) -> Person | None:
        """The person whose live session `token` opens; nobody where no function was given."""
        return await self._find(token) if self._find else None

    async def find_by_bearer(self, token: str) -> Person | None:  # noqa: ARG002  whoever keeps sessions reads it
        """The person for whom an access token speaks; nobody where none are made."""
        return None
