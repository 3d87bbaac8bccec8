"""Browsers on which somebody has signed in before, so that strangers' wrong passwords do not shut their owner out."""

import math
import time
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from pesan.identity.queries import Credentials
from pesan.kit.signing import BadSignature, Signer

KNOWN_FOR = timedelta(days=365)
_MAX_TOKEN = 200


@dataclass(frozen=True, slots=True)
class KnownBrowser:
    """Who signed in on a browser, and when (seconds of the epoch)."""

    user_id: UUID
    since: int

    def is_of(self, known: Credentials) -> bool:
        """Whether it is this person's, since their present password: one that a former knower has counts no more."""
        return self.user_id == known.user_id and self.since >= known.password_changed_at.timestamp()


class KnownBrowsers:
    """Makes and reads the mark that a browser keeps (OWASP's device cookie). It opens nothing by itself."""

    def __init__(self, secret: bytes) -> None:
        self._signer = Signer(secret, "known-browser")

    def mark(self, user_id: UUID) -> str:
        """What the browser of somebody who has just signed in keeps."""
        now = math.ceil(time.time())
        return self._signer.sign(f"{user_id.hex}:{now}", now + int(KNOWN_FOR.total_seconds()))

    def find(self, mark: str) -> KnownBrowser | None:
        """Whose browser this is; nobody's when the mark is forged or too old."""
        if not mark or len(mark) > _MAX_TOKEN or not mark.isascii():
            return None
        try:
            user_id, _, since = self._signer.unsign(mark, time.time()).partition(":")
        except BadSignature:
            return None
        return KnownBrowser(UUID(user_id), int(since))
