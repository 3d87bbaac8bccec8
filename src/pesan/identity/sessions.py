"""The people behind session cookies, for whoever serves requests."""

from pesan.db import Database
from pesan.identity.policies import SignedIn
from pesan.identity.queries import find_session
from pesan.identity.service.sessions import touch


class UserSessions:
    """Finds the person of each request anew, so that a revoked session or a changed role counts at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, token: str) -> SignedIn | None:
        """The person whose live session `token` opens; notes now and then that it is in use."""
        async with self._database.identity() as session:
            person = await find_session(session, token)
            if person and person.is_due_for_touch:
                await touch(session, person.session_id)
            return person
