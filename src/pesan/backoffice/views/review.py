"""The review queue."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pesan.kit.phone import display_phone, mask_phone

LATE_AFTER_MINUTES = 30
"""From here on a waiting proof is shown as late: the buyer was told that a person is looking."""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One waiting order in the list."""

    ref: str
    buyer_name: str
    event_title: str
    amount: int
    waiting_minutes: int
    submitted_at: datetime | None
    path: str
    is_flagged: bool = False
    is_risky: bool = False

    @property
    def is_late(self) -> bool:
        """Somebody has been waiting for too long."""
        return self.waiting_minutes >= LATE_AFTER_MINUTES


@dataclass(frozen=True, slots=True)
class Proof:
    """What the buyer sent; `url` is a signed link that soon ends."""

    url: str
    mime: str
    size: int
    uploaded_at: datetime
    width: int | None = None
    height: int | None = None

    @property
    def is_image(self) -> bool:
        """It can be looked at in the page; a PDF is only ever downloaded."""
        return self.mime.startswith("image/")


@dataclass(frozen=True, slots=True)
class Twin:
    """Another booking with the same proof, or one that looks like it."""

    code: str
    state: str
    is_same: bool
    path: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of an order, for the reviewer who was second."""

    state: str
    who: str | None
    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """How the buyer can be reached; `is_open` shows it whole."""

    wa: str | None
    email: str | None
    is_open: bool

    @property
    def lines(self) -> Sequence[str]:
        """The contacts as they may be shown to this person."""
        wa, email = (
            (self.wa and display_phone(self.wa), self.email) if self.is_open else masked(self.wa, self.email)
        )
        return [line for line in (wa, email) if line]


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One order with all that its decision needs; `ref` is what addresses call it."""

    ref: str
    code: str
    state: str
    event_title: str
    buyer_name: str
    contact: Contact
    quantity: int
    notes: str | None
    base_amount: int
    amount: int
    unique_code: int | None
    method: str
    placed_at: datetime
    submitted_at: datetime | None
    waiting_minutes: int
    path: str
    booking_path: str
    proofs: Sequence[Proof] = ()
    twins: Sequence[Twin] = ()
    decision: Decision | None = None
    is_balance: bool = False

    @property
    def amount_head(self) -> str:
        """The amount up to the digits that carry the unique code."""
        return self._printed[: -len(self.amount_tail)] if self.unique_code else ""

    @property
    def amount_tail(self) -> str:
        """The digits to compare with the transfer."""
        # Three digits, or four with the dot between them.
        return self._printed[-3 if self.unique_code < 1000 else -5 :] if self.unique_code else ""

    @property
    def _printed(self) -> str:
        return f"{self.amount:,}".replace(",", ".")


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """The queue, and the order that is looked at (None when nothing waits); `risks` is what speaks against it."""

    rows: Sequence[QueueRow]
    total: int
    item: ReviewItem | None
    previous_path: str | None = None
    next_path: str | None = None
    done: str = ""
    done_code: str = ""
    problem: str = ""
    reason_error: bool = False
    risks: Sequence[str] = ()

    @property
    def refs(self) -> str:
        """The queue in one word each, which the page compares with what it hears."""
        return " ".join(row.ref for row in self.rows)

    def with_item(self, item: ReviewItem, previous_path: str | None, next_path: str | None) -> "ReviewPage":
        """The same page, looking at `item`."""
        return replace(self, item=item, previous_path=previous_path, next_path=next_path)


def masked(wa: str | None, email: str | None) -> tuple[str | None, str | None]:
    """Contacts for those who need to recognise them and not to use them."""
    return wa and mask_phone(wa), email and mask_email(email)


def mask_email(address: str) -> str:
    """`s***a@contoh.id`: enough to recognise, not enough to write to."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***{local[-1:]}@{domain}"
