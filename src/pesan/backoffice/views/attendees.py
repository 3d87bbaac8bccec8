"""The list of an event's attendees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pesan.backoffice.queries.attendees import Attendee
from pesan.backoffice.views.codes import Naming
from pesan.backoffice.views.review import Contact


@dataclass(frozen=True, slots=True)
class AttendeeFilters:
    """What narrows the list, as typed."""

    q: str = ""
    state: str = ""
    type: str = ""

    def query(self, **more: str) -> dict[str, str]:
        """The filters that are set, for a link that keeps them."""
        own = {"q": self.q, "state": self.state, "type": self.type}
        return {name: value for name, value in (own | more).items() if value}


@dataclass(frozen=True, slots=True)
class AttendeeRow:
    """One ticket in the list."""

    holder_name: str
    contacts: Sequence[str]
    ticket_code: str
    sold_as: str
    seat: str
    state: str
    order_code: str
    order_path: str


@dataclass(frozen=True, slots=True)
class AttendeesPage:
    """One page of attendees."""

    event_title: str
    event_path: str
    path: str
    rows: Sequence[AttendeeRow]
    filters: AttendeeFilters
    types: Sequence[tuple[str, str]]
    total: int
    next_url: str | None = None
    first_url: str | None = None
    export_urls: Mapping[str, str] | None = None

    @property
    def board_path(self) -> str:
        """Where the event's gates are looked at."""
        return f"{self.path.removesuffix('/attendees')}/gates/board"


def attendee_row(found: Attendee, naming: Naming) -> AttendeeRow:
    """A ticket as one line."""
    ticket, order = found.ticket, found.order
    return AttendeeRow(
        holder_name=ticket.holder_name,
        contacts=Contact(order.wa, order.email, naming.is_open).lines,
        ticket_code=naming.code(ticket.code),
        sold_as=found.sold_as,
        seat=found.seat.label if found.seat else "",
        state=ticket.state,
        order_code=naming.code(order.code),
        order_path=naming.booking(order.id, order.code),
    )
