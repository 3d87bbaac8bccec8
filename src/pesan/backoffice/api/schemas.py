"""What the staff's programs send and are answered, in snake_case."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StrictInt, StringConstraints

from pesan.payments.statements.reading import DESCRIPTION_LENGTH

# What one request settles while it is being answered.
MAX_LINES = 100
_MOST_RUPIAH = 1_000_000_000_000
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def _plausible(at: datetime) -> datetime:
    if not _EARLIEST <= at < _LATEST:
        raise ValueError("no bank books then")
    return at


class _Body(BaseModel):
    """A JSON body whose unknown members are refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


class StatementLine(_Body):
    """Money that came to the account; what went out is left away."""

    posted_at: Annotated[AwareDatetime, Field(strict=True), AfterValidator(_plausible)] = Field(
        description="When the bank booked it, with an offset; its day in Jakarta is what counts."
    )
    amount: StrictInt = Field(ge=1, le=_MOST_RUPIAH, description="Whole rupiah.")
    description: str = Field("", max_length=DESCRIPTION_LENGTH, description="As the bank writes it.")
    reference: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] = Field(
        description="The bank's own name for this line. The same day, amount, description and reference are the"
        " same line, however often it is posted."
    )


class StatementLinesRequest(_Body):
    """`POST /v1/statements/lines`: lines of one account, in whatever order."""

    method_id: UUID = Field(description="The payment method whose account this is.")
    lines: list[StatementLine] = Field(min_length=1, max_length=MAX_LINES)

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "method_id": "01a1fdd2-4211-7ebb-8eb5-8ff1d35af34f",
                    "lines": [
                        {
                            "posted_at": "2026-11-21T10:47:43+07:00",
                            "amount": 150_123,
                            "description": "TRSF E-BANKING CR SITI NURHALIZA",
                            "reference": "2611211047430001",
                        }
                    ],
                }
            ]
        }
    )


class LineStatus(StrEnum):
    """What became of a line.

    `settled`: it is an order's money. `suggested`: no amount fits exactly, but some orders are near; staff decide.
    `unmatched`: no order is near; it waits for staff as well. `dismissed`: staff said that it is no payment.
    `pending`: it is busy; the line is kept and is looked at again by itself.
    """

    SETTLED = "settled"
    SUGGESTED = "suggested"
    UNMATCHED = "unmatched"
    DISMISSED = "dismissed"
    PENDING = "pending"


class StatementLineAnswer(BaseModel):
    """One line; `is_known` says that it was there before, by this API or from a file."""

    id: UUID
    reference: str
    status: LineStatus
    is_known: bool
    order_id: UUID | None
    suggested_order_ids: list[UUID]


class StatementLinesAnswer(BaseModel):
    """One answer for each posted line, in the same order."""

    lines: list[StatementLineAnswer]
