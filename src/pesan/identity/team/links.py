"""The link that an invitation's mail carries."""

from datetime import datetime
from uuid import UUID

from pesan.identity.errors import LinkOver
from pesan.kit.signing import BadSignature, Signer

_MAX_TOKEN = 200
INVITATION_PATH = "/account/invitation"


class InvitationLinks:
    """Makes and reads the links of one instance; the row says whether one was used or withdrawn."""

    def __init__(self, secret: bytes, base_url: str) -> None:
        self._signer = Signer(secret, "account:invitation")
        self._base_url = base_url.rstrip("/")

    def make(self, invitation_id: UUID, expires_at: datetime) -> str:
        """The whole address, on the instance's own."""
        token = self._signer.sign(invitation_id.hex, int(expires_at.timestamp()))
        return f"{self._base_url}{INVITATION_PATH}?token={token}"

    def read(self, token: str, now: float) -> UUID:
        """Which invitation a link is for; raises LinkOver when it is forged or too old."""
        if len(token) > _MAX_TOKEN or not token.isascii():
            raise LinkOver
        try:
            return UUID(self._signer.unsign(token, now))
        except BadSignature as error:
            raise LinkOver from error
