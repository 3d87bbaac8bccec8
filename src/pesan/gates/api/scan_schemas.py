"""What scanning takes and answers, as pestapora.md §12 names it."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StringConstraints

from pesan.gates.states import ConflictKind, Direction, Reason, Result

MOST_AT_ONCE = 500
# Until the year 2200, so that a time that no calendar has is a mistake of one scan's and not of its upload.
_LAST_MS = 7_258_118_400_000
_DAY_MS = 86_400_000

Ms = Annotated[
    StrictInt, Field(ge=0, le=_LAST_MS, description="Milliseconds since 1970 by the device's clock.")
]
OffsetMs = Annotated[
    StrictInt,
    Field(ge=-3_650 * _DAY_MS, le=3_650 * _DAY_MS, description="How far the server's clock is ahead of it."),
]
Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=200)]


class _Body(BaseModel):
    """What is not known is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


class _Held(_Body):
    """What was held before the gate: a code, or a ticket that staff found by its name, with why."""

    nonce: UUID = Field(description="Names this scan, however often it is sent.")
    qr: str | None = Field(
        None, description="The text of the QR code, the JWS, or the code that is printed below."
    )
    ticket_id: UUID | None = None
    manual_reason: Why | None = None
    direction: Direction = Direction.ENTRY

    @property
    def text(self) -> str | None:
        """The code that was read; None for a ticket that was found by hand."""
        return self.qr


class ScanRequest(_Held):
    """`POST /v1/scan`."""

    code: str | None = Field(None, description="The same as `qr`.")
    device_id: UUID
    device_at_ms: Ms | None = None
    offset_ms: OffsetMs = 0

    @property
    def text(self) -> str | None:
        """The code that was read, under either name."""
        return self.qr if self.qr is not None else self.code


class OfflineScan(_Held):
    """One scan that was made without a network, with what the screen showed."""

    shown: Result
    reason: Reason
    is_live: bool = False
    device_at_ms: Ms
    offset_ms: OffsetMs = 0


class BulkRequest(_Body):
    """`POST /v1/scans/bulk`."""

    scans: list[OfflineScan] = Field(min_length=1, max_length=MOST_AT_ONCE)


class ScannedTicket(BaseModel):
    """What a gate may know of a ticket: no contact, no money."""

    id: UUID
    code: str = Field(description="The last four characters of the code.")
    holder_name: str
    type: str
    seat: str
    number: int


class ScanAnswer(BaseModel):
    """The verdict, and for a ticket that was used, when and where."""

    scan_id: UUID
    result: Result
    reason: Reason
    message: str
    is_warning: bool = Field(description="Look twice: the code does not turn, and may be a copy.")
    ticket: ScannedTicket | None
    used_at: datetime | None
    used_gate_id: UUID | None
    used_gate: str | None
    cycle: int | None
    server_time: datetime


class ReconciledScan(BaseModel):
    """One scan as it stands now: `shown` is what the screen said, `result` what it came to."""

    nonce: UUID
    scan_id: UUID
    shown: Result
    result: Result
    reason: Reason
    cycle: int | None
    conflict: ConflictKind | None


class BulkAnswer(BaseModel):
    """In the order in which they were sent."""

    results: list[ReconciledScan]
    server_time_ms: int


class UndoRequest(_Body):
    """`POST /v1/scans/{scan_id}/undo`."""

    reason: Why


def moment(ms: int) -> datetime:
    """The instant of a device's time."""
    return datetime.fromtimestamp(ms / 1_000, UTC)
