"""Tokens of devices at gates; their rows are asked each time whether they may still."""

from pesan.identity.devices.tokens import NewToken, TokenKind, TokenMaker
from pesan.web.devices import DeviceClaims, Devices

KIND = TokenKind(
    purpose="gate-device-token",
    typ="gate+jwt",
    audience="pesan-gate",
    claims=DeviceClaims,
    names={"sub": "device_id", "eid": "event_id", "gid": "gate_id", "mid": "merchant_id"},
)


class DeviceTokens(Devices):
    """Makes and reads the tokens of one instance's devices at gates."""

    def __init__(self, secret: bytes) -> None:
        self._tokens = TokenMaker(secret, KIND)

    def make(self, claims: DeviceClaims, *, now: float | None = None) -> NewToken:
        """A token for a device, for a day."""
        return self._tokens.make(claims, now=now)

    def read(self, token: str) -> DeviceClaims | None:
        """The device that the token is for; none when we did not make it or it is not valid now."""
        return self._tokens.read(token)

    def read_for_renewal(self, token: str) -> DeviceClaims | None:
        """The same for a token that may be over, but not for long; by itself it opens nothing."""
        return self._tokens.read_for_renewal(token)
