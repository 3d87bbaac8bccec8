"""What a device hands in, and what it is told."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from pesan.gates.states import ConflictKind, Direction, Reason, Result
from pesan.tickets.states import Reason as ReadReason
from pesan.tickets.verify import Presented


@dataclass(frozen=True, slots=True)
class Attempt:
    """One scan. `nonce` names it, however often it is sent; `presented` is what was read, its signature checked.

    `shown` is what the screen said already, without a network; None asks what it shall say. `device_at` is the device's
    clock and `offset_ms` what it measured the server's clock to be ahead of it.
    """

    device_id: UUID
    nonce: UUID
    presented: Presented | ReadReason
    direction: Direction = Direction.ENTRY
    shown: Result | None = None
    reason: Reason | None = None
    device_at: datetime | None = None
    offset_ms: int = 0
    manual_reason: str | None = None

    @property
    def own_nonce(self) -> UUID:
        """What names a scan that is sent late by a nonce that another scan has: the same whenever it is sent."""
        ticket = self.presented.identity if isinstance(self.presented, Presented) else self.presented
        return uuid5(self.nonce, f"{ticket} {self.direction} {self.device_at}")

    @property
    def is_live(self) -> bool:
        """Whether a code was shown that rotates."""
        return isinstance(self.presented, Presented) and self.presented.slice_code is not None


@dataclass(frozen=True, slots=True)
class Admitted:
    """The entry that a ticket's person came in by: when, and at which gate."""

    at: datetime
    gate_id: UUID
    gate: str


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """What a gate may know of a ticket."""

    id: UUID
    code: str
    holder_name: str
    type_name: str
    seat: str
    number: int


@dataclass(frozen=True, slots=True)
class Scanned:
    """A scan as it stands after its group was committed.

    `shown` is what the screen says and stays; `result` is what the scan comes to. `first` is the entry that counts,
    where there is one.
    """

    id: UUID
    nonce: UUID
    shown: Result
    result: Result
    reason: Reason
    cycle: int | None
    at: datetime
    is_warning: bool = False
    ticket: TicketFacts | None = None
    first: Admitted | None = None
    conflict: ConflictKind | None = None
