"""What a merchant's own program says of money that it saw come in (`/payment/confirm`), signed by a key of theirs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from pesan.kit.ids import normalise_code
from pesan.kit.standard_webhooks import ID, SIGNATURE, TIMESTAMP, TOLERANCE_SECONDS, is_signed, sign
from pesan.payments.gateways.base import Notice
from pesan.payments.gateways.errors import NoticeUnreadable, SignatureInvalid
from pesan.payments.gateways.notices import event_key

CONFIRM = "confirm"
"""What the account of a merchant's own program is called; no buyer chooses it, and nobody can be asked about it."""
CONFIRM_TASK = "payments.handle_confirmation"
MAX_BODY_BYTES = 16 * 1024
_MOST_AMOUNT = 10**12
_LONGEST_ID = 200
_TIMESTAMP_DIGITS = 12
# As banks print them; whatever looks like one of these and is another sign would be other money.
_Reference = Annotated[str, StringConstraints(pattern=r"^[!-~]([ -~]{0,198}[!-~])?$")]


class Verdict(StrEnum):
    """What became of the money."""

    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


class Confirmation(BaseModel):
    """`POST /payment/confirm`: the booking by its id or its code, and what was seen of its money."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    status: Verdict = Field(description="APPROVED: the money is there. REJECTED: the proof is refused.")
    booking_id: UUID | None = Field(None, description="The id of the booking, or else its code.")
    code: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = Field(
        None, description="The code of the booking, as its buyer sees it.", examples=["7K3M9PQ2RSTVW"]
    )
    amount: int | None = Field(
        None, strict=True, ge=1, le=_MOST_AMOUNT, description="Whole rupiah; needed for APPROVED."
    )
    currency: str = Field("IDR", pattern="^[A-Z]{3}$")
    reference: _Reference | None = Field(
        None,
        description="What the bank calls this money, once and for ever; needed for APPROVED, and counted once.",
        examples=["BCA-20260101-000123"],
    )
    reason: str | None = Field(None, max_length=2_000, description="Why it is refused; the buyer reads it.")
    occurred_at: AwareDatetime

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.booking_id is None) == (self.code is None):
            raise ValueError("name the booking by its id or by its code")
        if self.status is Verdict.APPROVED and (self.amount is None or self.reference is None):
            raise ValueError("money has an amount and a reference")
        return self

    @property
    def booking(self) -> str:
        """The booking's id or code, in the one form that is stored."""
        return str(self.booking_id) if self.booking_id else normalise_code(self.code or "")


@dataclass(frozen=True, slots=True)
class Confirmations:
    """Listens to a merchant's own program. `secrets` are the key's own, and the one that it replaced for a while."""

    secrets: Mapping[str, str] = field(repr=False)

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: float) -> Notice:
        """See Listener. A message is known again by its id, so that a second one under it says nothing."""
        message_id, at = headers.get(ID, ""), headers.get(TIMESTAMP, "")
        if not _is_id(message_id) or not _is_now(at, now):
            raise SignatureInvalid
        expected = [sign(secret, message_id, int(at), body) for secret in live_secrets(self.secrets, now)]
        if not is_signed(headers.get(SIGNATURE, ""), expected):
            raise SignatureInvalid
        told = read_confirmation(body)
        return Notice(event_key(message_id), told.status.value, told.booking, told.reference)


def live_secrets(secrets: Mapping[str, str], now: float) -> Iterator[str]:
    """The secrets that prove a message now: none of a key that was revoked."""
    if secrets.get("secret"):
        yield secrets["secret"]
    if secrets.get("earlier") and now < float(secrets["earlier_until"]):
        yield secrets["earlier"]


def read_confirmation(body: bytes) -> Confirmation:
    """What a verified body says; raises NoticeUnreadable."""
    try:
        return Confirmation.model_validate_json(body)
    except ValidationError:
        raise NoticeUnreadable from None


def _is_id(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_ID and text.isascii() and text.isprintable() and " " not in text


def _is_now(text: str, now: float) -> bool:
    """Whether a timestamp says about now; digits of other scripts are none here."""
    is_number = text.isascii() and text.isdigit() and len(text) <= _TIMESTAMP_DIGITS
    return is_number and abs(now - int(text)) <= TOLERANCE_SECONDS
