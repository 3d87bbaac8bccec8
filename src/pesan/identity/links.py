"""Links that mails carry: each opens one thing, for one person, for a while."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from pesan.identity.errors import LinkOver
from pesan.identity.models import User
from pesan.identity.states import RESET_WITHIN, VERIFY_WITHIN, LinkPurpose
from pesan.kit.signing import BadSignature, Signer

MAX_TOKEN = 400
_WITHIN: Mapping[LinkPurpose, timedelta] = {
    LinkPurpose.VERIFY_EMAIL: VERIFY_WITHIN,
    LinkPurpose.RESET_PASSWORD: RESET_WITHIN,
}
_PATHS: Mapping[LinkPurpose, str] = {
    LinkPurpose.VERIFY_EMAIL: "/account/verify",
    LinkPurpose.RESET_PASSWORD: "/account/reset",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """Whom a link is for, and what was true of them when it was made."""

    user_id: UUID
    stamp: str


class AccountLinks:
    """Makes and reads the links of one instance.

    Nothing is stored: a link carries what it was made for, so that it dies with the address that it verifies or the
    password that it replaces. No purpose accepts the link of another.
    """

    def __init__(self, secret: bytes, base_url: str) -> None:
        self._signers = {purpose: Signer(secret, f"account:{purpose}") for purpose in LinkPurpose}
        self._base_url = base_url.rstrip("/")

    def make(self, purpose: LinkPurpose, user: User, now: float) -> str:
        """The whole address, on the instance's own; `now` is the database's time."""
        expires_at = int(now + _WITHIN[purpose].total_seconds())
        token = self._signers[purpose].sign(f"{user.id.hex}:{stamp_of(purpose, user)}", expires_at)
        return f"{self._base_url}{_PATHS[purpose]}?token={token}"

    @property
    def security_page(self) -> str:
        """Where one changes one's password and signs devices out; this one opens nothing by itself."""
        return f"{self._base_url}/account/security"

    def read(self, purpose: LinkPurpose, token: str, now: float) -> Claim:
        """Whom the link is for; raises LinkOver when it is forged, for something else, or too old."""
        if len(token) > MAX_TOKEN or not token.isascii():
            raise LinkOver
        try:
            user_id, _, stamp = self._signers[purpose].unsign(token, now).partition(":")
        except BadSignature as error:
            raise LinkOver from error
        return Claim(UUID(user_id), stamp)


def stamp_of(purpose: LinkPurpose, user: User) -> str:
    """What a link depends on: the address, and for a reset the password too, so that it works once."""
    about = user.email if purpose is LinkPurpose.VERIFY_EMAIL else f"{user.email} {user.password_hash}"
    return sha256(about.encode()).hexdigest()[:32]
