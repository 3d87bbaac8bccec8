"""Where things are: the paths that people share."""

from uuid import UUID

from pesan.catalog.models import Event
from pesan.orders.states import SHIPPED, SLOTTED


def event_path(slug: str, short_id: str) -> str:
    """An event's page; the short id at its end is what finds it."""
    return f"/x/{slug}-{short_id}"


def booking_form_path(slug: str, short_id: str) -> str:
    """The booking sheet of an event."""
    return f"{event_path(slug, short_id)}/book"


def outlet_path(slug: str, short_id: str) -> str:
    """Where times of an outlet's booths are booked."""
    return f"/booths/{slug}-{short_id}"


def trip_path(slug: str) -> str:
    """Where people join a trip, and see what can be ordered on it."""
    return f"/join?trip={slug}"


def place_path(event: Event) -> str:
    """The page of what an event sells: places at it, an outlet's times, or a trip's goods."""
    if event.fulfilment in SHIPPED:
        return trip_path(event.slug)
    path = outlet_path if event.fulfilment in SLOTTED else event_path
    return path(event.slug, event.short_id)


def again_path(event: Event) -> str:
    """Where somebody starts again whose booking of this event came to nothing."""
    if event.fulfilment in SHIPPED:
        return trip_path(event.slug)
    path = outlet_path if event.fulfilment in SLOTTED else booking_form_path
    return path(event.slug, event.short_id)


def session_path(code: str) -> str:
    """The page of a booked session, which the booking's code opens."""
    return f"/booths/bookings/{code}"


def status_path(code: str) -> str:
    """A booking's page, which its code opens."""
    return f"/b/{code}"


def ticket_path(code: str) -> str:
    """One ticket's own page, which its code opens; its holder's, whoever bought it."""
    return f"/ticket/{code}"


def transfer_path(order_code: str, ticket_id: UUID) -> str:
    """Where a buyer hands one of their tickets on."""
    return f"{status_path(order_code)}/tickets/{ticket_id}/transfer"


def prices_path(code: str) -> str:
    """Where a buyer says whether they agree to another price."""
    return f"{status_path(code)}/prices"


def pay_path(code: str) -> str:
    """Where a held booking is paid."""
    return f"/pay/{code}"


def return_path(code: str) -> str:
    """Where a payment provider sends the buyer back to."""
    return f"/pay/{code}/return"


def order_topic(order_id: UUID) -> str:
    """What a status page listens to."""
    return f"order:{order_id}"
