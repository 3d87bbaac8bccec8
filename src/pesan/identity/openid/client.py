"""What this instance is at its provider, and one log-in on its way there and back."""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from hashlib import sha256
from urllib.parse import urlsplit

from pesan.kit.sealing import SealBroken, SecretBox

CALLBACK = "/account/openid/callback"
TRIP_LIFE = timedelta(minutes=10)
"""How long somebody may take at the provider."""


@dataclass(frozen=True, slots=True)
class Client:
    """Our registration at the one provider; without it nobody signs in that way."""

    issuer: str
    id: str
    secret: str = field(repr=False)
    called: str
    base_url: str

    @property
    def is_on(self) -> bool:
        """Whether there is a provider, and an address for it to send people back to."""
        return bool(self.issuer and self.id and self.secret and self.base_url)

    @property
    def name(self) -> str:
        """What people call the provider."""
        return self.called or urlsplit(self.issuer).hostname or ""

    @property
    def shown_name(self) -> str:
        """What the log-in page calls it; empty where there is no provider."""
        return self.name if self.is_on else ""

    @property
    def origin(self) -> str:
        """The provider's own origin, which the operator has named."""
        parts = urlsplit(self.issuer.lower())
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends people back to: this address and no other (RFC 9700, §2.1)."""
        return self.base_url.rstrip("/") + CALLBACK


@dataclass(frozen=True, slots=True)
class Trip:
    """One log-in on its way: what has to come back unchanged, and where it goes on to."""

    state: str
    nonce: str
    verifier: str
    target: str
    expires_at: int

    @classmethod
    def start(cls, target: str, now: float) -> "Trip":
        """A trip that nobody has made."""
        ends = int(now + TRIP_LIFE.total_seconds())
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(state, nonce, verifier, target, ends)

    @property
    def challenge(self) -> str:
        """What the provider is told of the verifier (RFC 7636, S256)."""
        return urlsafe_b64encode(sha256(self.verifier.encode()).digest()).decode().rstrip("=")


class Trips:
    """Seals a trip into the browser that makes it, so that nobody finishes another's (RFC 6749, §10.12)."""

    _PLACE = "trip"

    def __init__(self, secret: bytes) -> None:
        self._box = SecretBox(secret, "openid-trips")

    def seal(self, trip: Trip) -> str:
        """The trip as a cookie carries it."""
        return urlsafe_b64encode(self._box.close(json.dumps(asdict(trip)).encode(), self._PLACE)).decode()

    def find(self, sealed: str, now: float) -> Trip | None:
        """The trip that this browser makes; None when there is none, or it took too long."""
        try:
            trip = Trip(**json.loads(self._box.open(urlsafe_b64decode(sealed), self._PLACE)))
        except (SealBroken, ValueError, TypeError):
            return None
        return trip if now < trip.expires_at else None
