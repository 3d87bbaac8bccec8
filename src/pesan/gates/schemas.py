"""What devices ask and are told: pestapora.md's snake_case, times in UTC."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from pesan.checkout.schemas import Moment
from pesan.gates.states import Reentry, StaticCodes
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

MAX_CHANGES = 1_000


class _Body(BaseModel):
    """A JSON body: what nobody reads is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


class RegisterRequest(_Body):
    """`POST /v1/gates/register`."""

    code: PairingCode
    name: DeviceName
    public_key: PublicKey
    key_kind: KeyKind
    app_version: AppVersion = ""


class RenewRequest(_Body):
    """`POST /v1/gates/renew`."""

    token: Token
    at_ms: Milliseconds
    signature: Bytes = Field(
        description="Base64url, by the device's key, over `pesan:gate:renew:1`, its id and `at_ms`, a line each."
    )


class BeatRequest(_Body):
    """`POST /v1/gates/beat`."""

    queue_length: Annotated[StrictInt, Field(ge=0, le=1_000_000)]
    app_version: AppVersion
    device_at_ms: Milliseconds
    battery: Battery | None = None
    after: Milliseconds | None = None


class GateAnswer(BaseModel):
    """A gate, by its present name."""

    id: UUID
    name: str
    location: str


class EventAnswer(BaseModel):
    """The event that a device works for."""

    id: UUID
    title: str
    starts_at: Moment
    ends_at: Moment
    timezone: str


class MerchantAnswer(BaseModel):
    """Whose event it is."""

    name: str


class RegisteredAnswer(BaseModel):
    """A device that joined; `token` is to be sent as `Authorization: Bearer …`."""

    device_id: UUID
    token: str
    expires_at: Moment
    event_id: UUID
    gate: GateAnswer
    event: EventAnswer
    merchant: MerchantAnswer
    server_time: Moment


class RenewedAnswer(BaseModel):
    """The next token."""

    token: str
    expires_at: Moment
    server_time: Moment


class RulesAnswer(BaseModel):
    """How the event's gates work."""

    opens_at: Moment
    closes_at: Moment
    reentry: Reentry
    static_codes: StaticCodes


class CountersAnswer(BaseModel):
    """How full it is: inside now, who ever came in, who went out again, and entries of the last minute."""

    inside: int
    entered: int
    left: int
    per_minute: int


class ChangeAnswer(BaseModel):
    """Where a ticket stands since change number `seq`."""

    ticket_id: UUID
    is_inside: bool
    cycle: int
    entered_at: Moment | None
    gate: str | None
    seq: int
    entered_nonce: UUID | None = Field(
        description="The `nonce` of the scan that let them in, where it was this device's."
    )


class ChangesAnswer(BaseModel):
    """What changed after a number; `is_more` asks to come again with `seq`."""

    seq: int
    changes: list[ChangeAnswer] = Field(max_length=MAX_CHANGES)
    is_more: bool
    counters: CountersAnswer
    roster_version: str = Field(description="Another one than the bundle's asks to fetch the bundle again.")


class BeatAnswer(ChangesAnswer):
    """What changed, and how things are; `changes` is empty where no `after` was sent."""

    server_time_ms: int
    rules: RulesAnswer
    name: str
    gate: GateAnswer


class FoundTicket(BaseModel):
    """A ticket as a gate may see it."""

    id: UUID
    code: str = Field(description="The last four characters.")
    holder_name: str
    type: str
    seat: str
    number: int
    is_void: bool
    is_inside: bool
    cycle: int
    entered_at: Moment | None


class FoundTickets(BaseModel):
    """At most twenty."""

    tickets: list[FoundTicket]
