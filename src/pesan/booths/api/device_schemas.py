"""What the screens of booths ask and are told: snake_case, times in UTC."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from pesan.booths.states import SessionState
from pesan.checkout.schemas import Moment
from pesan.identity.devices.fields import (
    AppVersion,
    Battery,
    Bytes,
    DeviceName,
    Milliseconds,
    PairingCode,
    PublicKey,
    Token,
)
from pesan.identity.devices.keys import KeyKind


class _Body(BaseModel):
    """A JSON body: what nobody reads is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


class RegisterRequest(_Body):
    """`POST /booth/register`."""

    code: PairingCode
    name: DeviceName
    public_key: PublicKey
    key_kind: KeyKind
    app_version: AppVersion = ""


class TokenRequest(_Body):
    """`POST /booth/token`."""

    token: Token
    at_ms: Milliseconds
    signature: Bytes = Field(
        description="Base64url, by the screen's key, over `pesan:booth:renew:1`, its id and `at_ms`, a line each."
    )


class BeatRequest(_Body):
    """`POST /booth/beat`."""

    app_version: AppVersion = ""
    battery: Battery | None = None


class BoothAnswer(BaseModel):
    """A booth, by its present name."""

    id: UUID
    name: str
    is_closed: bool


class OutletAnswer(BaseModel):
    """Where it stands."""

    id: UUID
    name: str
    location: str
    timezone: str


class RegisteredAnswer(BaseModel):
    """A screen that joined; `token` is to be sent as `Authorization: Bearer …`."""

    device_id: UUID
    token: str
    expires_at: Moment
    booth: BoothAnswer
    outlet: OutletAnswer
    server_time: Moment


class TokenAnswer(BaseModel):
    """The next token."""

    token: str
    expires_at: Moment
    server_time: Moment


class BeatAnswer(BaseModel):
    """How the staff call the screen now."""

    name: str
    server_time: Moment


class ScreenSession(BaseModel):
    """A session as its booth's screen shows it; `customer` is masked."""

    id: UUID
    state: SessionState
    customer: str
    starts_at: Moment
    ends_at: Moment
    duration_minutes: int
    arrive_until: Moment
    started_at: Moment | None
    due_at: Moment | None


class NowAnswer(BaseModel):
    """A booth now: the session that runs or waits to begin, and the one after it."""

    booth: BoothAnswer
    outlet: OutletAnswer
    current: ScreenSession | None
    next: ScreenSession | None
    server_time: Moment
