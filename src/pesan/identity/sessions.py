"""The people behind session cookies, for whoever serves requests."""

from pesan.db import Database
from pesan.identity.access_tokens import AccessTokens
from pesan.identity.policies import SignedIn
from pesan.identity.queries import find_program, find_session
from pesan.identity.service.sessions import touch


class UserSessions:
    """Finds the person of each request anew, so that a revoked session or a changed role counts at once."""

    def __init__(self, database: Database, tokens: AccessTokens) -> None:
        self._database = database
        self._tokens = tokens

    async def find(self, token: str) -> SignedIn | None:
        """The person whose live session `token` opens; notes now and then that it is in use."""
        async with self._database.identity() as session:
            person = await find_session(session, token)
            if person and person.is_due_for_touch:
                await touch(session, person.session_id)
            return person

    async def find_by_bearer(self, token: str) -> SignedIn | None:
        """The person for whom a program's access token speaks, while its session lives."""
        claims = self._tokens.read(token)
        if claims is None:
            return None
        async with self._database.identity() as session:
            person = await find_program(session, claims.session_id)
            if person is None or person.user_id != claims.user_id:
                return None
            if person.is_due_for_touch:
                await touch(session, person.session_id)
            return person
