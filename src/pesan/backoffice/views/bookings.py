"""The list of bookings, and one booking with its history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pesan.backoffice.views.review import Contact, Decision, Proof, Twin


@dataclass(frozen=True, slots=True)
class BookingFilters:
    """What narrows the list, as typed."""

    q: str = ""
    state: str = ""
    event: str = ""
    date_from: str = ""
    date_to: str = ""

    def query(self, **more: str) -> dict[str, str]:
        """The filters that are set, for a link that keeps them."""
        own = {
            "q": self.q,
            "state": self.state,
            "event": self.event,
            "from": self.date_from,
            "to": self.date_to,
        }
        return {name: value for name, value in (own | more).items() if value}


@dataclass(frozen=True, slots=True)
class BookingRow:
    """One booking in the list."""

    code: str
    state: str
    buyer_name: str
    contacts: Sequence[str]
    event_title: str
    quantity: int
    amount: int
    placed_at: datetime
    path: str
    notes: str = ""


@dataclass(frozen=True, slots=True)
class BookingsPage:
    """One page of bookings."""

    rows: Sequence[BookingRow]
    filters: BookingFilters
    events: Sequence[tuple[str, str]]
    total: int
    next_url: str | None = None
    first_url: str | None = None
    export_urls: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One line of the audit trail; `action` and `actor_kind` are the audit's own words."""

    action: str
    actor_kind: str
    who: str | None
    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """One attempt to pay."""

    method: str
    amount: int
    unique_code: int | None
    state: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TicketRow:
    """One ticket of the booking; `amount` is its share of what was paid, `can_refund` whether it may go back alone."""

    id: str
    code: str
    number: int
    holder_name: str
    state: str
    amount: int
    can_refund: bool
    transfer_path: str = ""


@dataclass(frozen=True, slots=True)
class RefundLine:
    """Money of the booking that has to go back, or went."""

    cause: str
    amount: int
    state: str
    reference: str | None


@dataclass(frozen=True, slots=True)
class LetterLine:
    """What the buyer was told by one channel, how far it came, and the code of why it did not."""

    kind: str
    channel: str
    state: str
    at: datetime
    problem: str = ""


@dataclass(frozen=True, slots=True)
class BookingDetail:
    """Everything about one booking."""

    code: str
    state: str
    event_title: str
    event_path: str
    buyer_name: str
    contact: Contact
    notes: str | None
    guardian: str | None
    quantity: int
    total_amount: int
    placed_at: datetime
    hold_expires_at: datetime
    path: str
    review_path: str
    refunds_path: str
    public_path: str
    can_cancel: bool
    can_revive: bool
    due_amount: int = 0
    balance_amount: int = 0
    can_take_cash: bool = False
    has_balance_proof: bool = False
    can_refund: bool = False
    can_pay_again: bool = False
    refunds: Sequence[RefundLine] = ()
    once: str = ""
    decision: Decision | None = None
    proofs: Sequence[Proof] = ()
    payments: Sequence[PaymentRow] = ()
    tickets: Sequence[TicketRow] = ()
    trail: Sequence[TrailEntry] = ()
    twins: Sequence[Twin] = ()
    letters: Sequence[LetterLine] = ()
    letter: str = ""
    problem: str = ""
    was_resent: bool = False

    @property
    def refundable_tickets(self) -> Sequence[TicketRow]:
        """Those that may go back alone; with one ticket alone the booking goes back as a whole."""
        return [ticket for ticket in self.tickets if ticket.can_refund] if self._goes_on else ()

    @property
    def _goes_on(self) -> bool:
        return sum(ticket.state != "void" for ticket in self.tickets) > 1
