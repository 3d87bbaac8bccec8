"""The token that shows who takes part in a trip: it goes out over WhatsApp alone, to the number that it is about."""

import time
from collections.abc import Collection
from uuid import UUID

from pesan.kit.signing import BadSignature, Signer

MOST = 10


class ParticipantTokens:
    """Makes and reads tokens; their signature is good for nothing else, and no other signature for this."""

    def __init__(self, secret: bytes) -> None:
        self._signer = Signer(secret, "participant")

    def make(self, *participant_ids: UUID) -> str:
        """One text for somebody who takes part, or for all that a browser keeps; as long-lived as their trip is."""
        return self._signer.sign(",".join(known.hex for known in participant_ids[:MOST]))

    def read(self, token: str) -> tuple[UUID, ...]:
        """Who is meant; nobody where the token is not ours."""
        try:
            value = self._signer.unsign(token, time.time())
            return tuple(UUID(known) for known in value.split(",")[:MOST])
        except (BadSignature, ValueError):
            return ()

    def read_all(self, tokens: Collection[str]) -> tuple[UUID, ...]:
        """Everybody whom one of several tokens means, each once."""
        return tuple(dict.fromkeys(known for token in tokens if token for known in self.read(token)))
