"""Customers and their conversations with the business's numbers, bounded."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal

from pesan.app.whatsapp_fake.clock import DAY

MOST_ENTRIES = 500
MOST_CUSTOMERS = 100_000
MOST_AUTHORS = 100_000
RANKS = {"": 0, "accepted": 0, "sent": 1, "delivered": 2, "read": 3, "failed": 4}


@dataclass(slots=True)
class Entry:
    """One message of a conversation. `content` is as it went over the wire, `shown` what a person sees of it."""

    id: str
    by: Literal["business", "customer"]
    sender: str
    kind: str
    content: dict[str, Any]
    at: int
    shown: dict[str, Any] = field(default_factory=dict)
    opaque: str = ""
    context: str = ""
    status: str = ""
    error: int | None = None
    pricing: dict[str, Any] = field(default_factory=dict)

    def advance(self, status: str) -> bool:
        """Note a status that is further than the last one; whether it was."""
        if RANKS[status] <= RANKS[self.status]:
            return False
        self.status = status
        return True

    def as_json(self) -> dict[str, Any]:
        """For tests and for the page."""
        return {
            "id": self.id,
            "by": self.by,
            "phone_number_id": self.sender,
            "type": self.kind,
            "shape": self.content,
            "shown": self.shown,
            "at": self.at,
            "biz_opaque_callback_data": self.opaque,
            "context": self.context,
            "status": self.status,
            "error": self.error,
        }


@dataclass(slots=True)
class Customer:
    """A person with WhatsApp; `hides_number` leaves the number out of what the business is told."""

    wa: str
    name: str = ""
    hides_number: bool = False
    has_stopped_marketing: bool = False
    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=MOST_ENTRIES))
    last_said: dict[str, int] = field(default_factory=dict)

    @property
    def user_id(self) -> str:
        """The business-scoped user id."""
        return f"ID.{self.wa.rjust(20, '0')}"

    def window_left(self, sender: str, now: float) -> int:
        """The seconds in which this number may still write freely to the customer."""
        said = self.last_said.get(sender)
        return max(0, said + DAY - int(now)) if said is not None else 0

    def find(self, message_id: str) -> Entry | None:
        """A message of the conversation, the newest first."""
        return next((entry for entry in reversed(self.entries) if entry.id == message_id), None)

    def as_contact(self) -> dict[str, Any]:
        """As webhooks name whoever wrote."""
        who = {} if self.hides_number else {"wa_id": self.wa}
        return {"profile": {"name": self.name or self.wa}, **who, "user_id": self.user_id}

    def as_json(self) -> dict[str, Any]:
        """For the page's list."""
        return {
            "wa": self.wa,
            "name": self.name,
            "user_id": self.user_id,
            "hides_number": self.hides_number,
            "has_stopped_marketing": self.has_stopped_marketing,
            "count": len(self.entries),
        }


class People:
    """Every customer that wrote or was written to; the oldest is forgotten when there are too many."""

    def __init__(self) -> None:
        self._customers: dict[str, Customer] = {}
        self._authors: dict[str, Customer] = {}

    def meet(self, wa: str, name: str = "") -> Customer:
        """The customer of a number, known from now on."""
        customer = self._customers.get(wa)
        if customer is None:
            if len(self._customers) >= MOST_CUSTOMERS:
                del self._customers[next(iter(self._customers))]
            customer = self._customers[wa] = Customer(wa)
        if name:
            customer.name = name
        return customer

    def find(self, wa: str) -> Customer | None:
        """Somebody who is known already."""
        return self._customers.get(wa)

    def find_by_user_id(self, user_id: str) -> Customer | None:
        """Somebody by the business-scoped user id."""
        customer = self._customers.get(user_id.partition(".")[2].lstrip("0"))
        return customer if customer and customer.user_id == user_id else None

    def find_author(self, message_id: str) -> tuple[Customer, Entry] | None:
        """Who wrote a message, and the message."""
        customer = self._authors.get(message_id)
        entry = customer.find(message_id) if customer else None
        return (customer, entry) if customer and entry and entry.by == "customer" else None

    def add(self, customer: Customer, entry: Entry) -> None:
        """The customer wrote something, which opens the window of that number."""
        customer.entries.append(entry)
        customer.last_said[entry.sender] = max(entry.at, customer.last_said.get(entry.sender, 0))
        if len(self._authors) >= MOST_AUTHORS:
            del self._authors[next(iter(self._authors))]
        self._authors[entry.id] = customer

    def newest(self, most: int = 200) -> list[Customer]:
        """The customers met last."""
        return list(self._customers.values())[-most:]

    def __len__(self) -> int:
        """How many are known."""
        return len(self._customers)

    def clear(self) -> None:
        """Forget everybody."""
        self._customers.clear()
        self._authors.clear()
