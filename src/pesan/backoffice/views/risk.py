"""What speaks against an order, in people's words, and the lists of whom a merchant trusts or does not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pesan.backoffice.views.codes import Naming
from pesan.backoffice.views.review import Contact
from pesan.kit.i18n import Locale, Text
from pesan.orders.models import Order
from pesan.risk.models import RiskEntry, RiskReview
from pesan.risk.queries import Found
from pesan.risk.states import Mark, ReviewState, Signal

SIGNALS: Mapping[str, Text] = {
    Signal.CONTACT: Text(
        id="{count} pesanan dengan kontak yang sama dalam {hours} jam (batasnya {limit}).",
        en="{count} bookings by the same contact within {hours} hours (the limit is {limit}).",
    ),
    Signal.DEVICE: Text(
        id="{count} pesanan dari peramban yang sama dalam {hours} jam (batasnya {limit}).",
        en="{count} bookings from the same browser within {hours} hours (the limit is {limit}).",
    ),
    Signal.ADDRESS: Text(
        id="{count} pesanan dari alamat internet yang sama dalam {hours} jam (batasnya {limit}). Bisa jadi satu kantor"
        " atau satu operator seluler.",
        en="{count} bookings from the same internet address within {hours} hours (the limit is {limit}). It may be one"
        " office or one mobile operator.",
    ),
    Signal.BLOCKED: Text(id="Ada di daftar blokirmu: {marks}.", en="On your block list: {marks}."),
    Signal.CARD_COUNTRY: Text(
        id="Kartunya dari {card}, tetapi dipesan dari {ip}.",
        en="The card is from {card}, but the booking was made from {ip}.",
    ),
    Signal.PROVIDER: Text(
        id="Penyedia pembayaran menahan pembayarannya. Terima atau tolak di dasbor penyedia.",
        en="The payment provider holds the payment back. Accept or deny it in the provider's dashboard.",
    ),
}
MARKS: Mapping[str, Text] = {
    Mark.EMAIL: Text(id="E-mail", en="E-mail"),
    Mark.PHONE: Text(id="WhatsApp", en="WhatsApp"),
    Mark.DOMAIN: Text(id="Domain e-mail", en="E-mail domain"),
    Mark.ADDRESS: Text(id="Alamat internet", en="Internet address"),
    Mark.NETWORK: Text(id="Jaringan internet", en="Internet network"),
    Mark.DEVICE: Text(id="Peramban", en="Browser"),
}
LISTS: Mapping[str, Text] = {
    "block": Text(id="Diblokir", en="Blocked"),
    "allow": Text(id="Dipercaya", en="Trusted"),
}
VERDICTS: Mapping[str, Text] = {
    "fine": Text(id="Aman", en="Fine"),
    "fraud": Text(id="Curang", en="Fraud"),
}
FROM_ORDER = "#"
"""Begins the label of what was put on a list from an order, and has no name of its own."""


@dataclass(frozen=True, slots=True)
class RiskNote:
    """What was found about one order, for the pages that show it anyway."""

    reasons: Sequence[str]
    is_open: bool


@dataclass(frozen=True, slots=True)
class RiskCard:
    """One review; `marks` are what of the order can be put on a list by this person."""

    id: UUID
    code: str
    state: str
    buyer_name: str
    contacts: Sequence[str]
    event_title: str
    total_amount: int
    reasons: Sequence[str]
    opened_at: datetime
    waiting_minutes: int
    path: str
    booking_path: str
    marks: Sequence[tuple[str, Text]] = ()
    verdict: str | None = None
    note: str | None = None
    settled_at: datetime | None = None
    settled_by: str | None = None

    @property
    def is_open(self) -> bool:
        """Somebody should still look."""
        return self.verdict is None


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry of a list."""

    id: UUID
    list: str
    mark: Text
    label: str
    reason: str
    added_at: datetime
    added_by: str | None

    @property
    def from_code(self) -> str:
        """The order that it came from, where it has no name of its own."""
        return self.label.removeprefix(FROM_ORDER) if self.label.startswith(FROM_ORDER) else ""


def explain(signals: Mapping[str, Mapping[str, Any]], locale: Locale) -> list[str]:
    """Each signal as a sentence, always in the same order."""
    return [_sentence(signal, signals[signal], locale) for signal in SIGNALS if signal in signals]


def risk_note(review: RiskReview | None, locale: Locale) -> RiskNote | None:
    """What was found about an order, if anything was."""
    if review is None:
        return None
    return RiskNote(explain(review.signals, locale), review.state == ReviewState.OPEN)


def risk_card(found: Found, naming: Naming, locale: Locale, *, keeps_lists: bool) -> RiskCard:
    """A review as a card."""
    order, review = found.order, found.review
    waited = (found.now - review.opened_at).total_seconds()
    return RiskCard(
        id=order.id,
        code=naming.code(order.code),
        state=order.state,
        buyer_name=order.buyer_name,
        contacts=Contact(order.wa, order.email, naming.is_open).lines,
        event_title=found.event_title,
        total_amount=order.total_amount,
        reasons=explain(review.signals, locale),
        opened_at=review.opened_at,
        waiting_minutes=max(int(waited), 0) // 60,
        path=f"{naming.shop_path}/risk/{naming.ref(order.id, order.code)}",
        booking_path=naming.booking(order.id, order.code),
        marks=[(mark.value, MARKS[mark]) for mark in marks_of(order)] if keeps_lists else (),
        verdict=review.verdict,
        note=review.note,
        settled_at=review.settled_at,
        settled_by=found.settled_by,
    )


def marks_of(order: Order) -> Sequence[Mark]:
    """What of an order can be put on a list."""
    known = {
        Mark.EMAIL: order.email,
        Mark.PHONE: order.wa,
        Mark.DEVICE: order.device_digest,
        Mark.ADDRESS: order.ip_digest,
    }
    return [mark for mark, value in known.items() if value]


def entry_row(entry: RiskEntry, added_by: str | None) -> EntryRow:
    """An entry as a row of its list."""
    return EntryRow(
        entry.id, entry.list, MARKS[entry.mark], entry.label, entry.reason, entry.added_at, added_by
    )


def _sentence(signal: str, numbers: Mapping[str, Any], locale: Locale) -> str:
    words = dict(numbers)
    if "marks" in words:
        words["marks"] = ", ".join(MARKS[mark].in_(locale) for mark in words["marks"])
    return SIGNALS[signal].in_(locale, **words)
