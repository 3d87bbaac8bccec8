"""Rows as a group of scans works on them: read once, decided on in memory, written once."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pesan.gates.history import Seen
from pesan.gates.states import Direction, Reason, Reentry, Result


@dataclass(slots=True)
class ScanRow:
    """One scan, old or new; see `models.Scan` for what its columns mean."""

    id: UUID
    gate_id: UUID
    device_id: UUID
    nonce: UUID
    ticket_id: UUID | None
    direction: str
    shown: str
    answered: str | None
    result: str
    reason: str
    refusal: str | None
    reentry: str
    cycle: int | None
    is_live: bool
    is_offline: bool
    is_skewed: bool
    manual_reason: str | None
    device_at: datetime
    offset_ms: int
    scanned_at: datetime
    received_at: datetime
    undone_at: datetime | None = None

    @property
    def seen(self) -> Seen:
        """What the history of its ticket is worked out from."""
        return Seen(
            id=self.id,
            gate_id=self.gate_id,
            direction=Direction(self.direction),
            shown=Result(self.shown),
            scanned_at=self.scanned_at,
            received_at=self.received_at,
            refusal=Reason(self.refusal) if self.refusal else None,
            reentry=Reentry(self.reentry),
            is_undone=self.undone_at is not None,
        )


COLUMNS = tuple(ScanRow.__dataclass_fields__)
"""The columns of a scan that are read, in the order of the fields."""
