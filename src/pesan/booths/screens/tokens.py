"""Tokens of the screens of booths; their rows are asked each time whether they may still."""

from pesan.identity.devices.tokens import NewToken, TokenKind, TokenMaker
from pesan.web.devices import BoothClaims, BoothDevices

KIND = TokenKind(
    purpose="booth-device-token",
    typ="booth+jwt",
    audience="pesan-booth",
    claims=BoothClaims,
    names={"sub": "device_id", "eid": "event_id", "bid": "booth_id", "mid": "merchant_id"},
)


class BoothTokens(BoothDevices):
    """Makes and reads the tokens of one instance's booth screens."""

    def __init__(self, secret: bytes) -> None:
        self._tokens = TokenMaker(secret, KIND)

    def make(self, claims: BoothClaims, *, now: float | None = None) -> NewToken:
        """A token for a screen, for a day."""
        return self._tokens.make(claims, now=now)

    def read(self, token: str) -> BoothClaims | None:
        """The screen that the token is for; none when we did not make it or it is not valid now."""
        return self._tokens.read(token)

    def read_for_renewal(self, token: str) -> BoothClaims | None:
        """The same for a token that may be over, but not for long; by itself it opens nothing."""
        return self._tokens.read_for_renewal(token)
