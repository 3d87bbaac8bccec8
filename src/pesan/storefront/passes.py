"""What a holder's page and the form for handing on show."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from markupsafe import Markup

from pesan.catalog.states import EventStatus
from pesan.catalog.zones import zone_of
from pesan.checkout.links import event_path, ticket_path, transfer_path
from pesan.checkout.passes import Pass
from pesan.storefront.booking import Booking
from pesan.storefront.present import draw_qr, seconds_to_turn, show_booking
from pesan.storefront.views import BookingView
from pesan.tenancy.brands import Brand, show_brand
from pesan.tickets.policies import can_be_handed_on
from pesan.tickets.slices import Slices
from pesan.tickets.wallets import Wallets


@dataclass(frozen=True, slots=True)
class PassView:
    """One ticket as its holder sees it."""

    code: str
    title: str
    holder_name: str
    state: str
    qr: Markup
    static_qr: Markup
    every: int
    brand: Brand
    zone: str
    event_title: str
    event_path: str
    starts_at: datetime
    ends_at: datetime
    venue: str
    city: str
    is_called_off: bool
    is_handed_on: bool
    path: str
    url: str
    has_google: bool
    has_apple: bool


@dataclass(frozen=True, slots=True)
class TransferView:
    """A ticket about to be handed on; `is_open` says whether that can still be done."""

    booking: BookingView
    number: int
    holder_name: str
    version: int
    is_open: bool
    path: str


def show_pass(found: Pass, slices: Slices, wallets: Wallets, *, origin: str) -> PassView:
    """A holder's page, with the code of this moment."""
    ticket, event = found.ticket, found.event
    path = ticket_path(ticket.code)
    return PassView(
        code=ticket.code,
        title=found.title,
        holder_name=ticket.holder_name,
        state=ticket.state,
        qr=draw_qr(slices.live_text(ticket, found.now)),
        static_qr=draw_qr(ticket.qr_text),
        every=seconds_to_turn(slices),
        brand=show_brand(found.merchant),
        zone=zone_of(event, found.merchant),
        event_title=event.title,
        event_path=event_path(event.slug, event.short_id),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        venue=event.venue,
        city=event.city,
        is_called_off=event.status == EventStatus.CANCELLED,
        is_handed_on=ticket.handed_on_at is not None,
        path=path,
        url=origin + path,
        has_google=wallets.google is not None,
        has_apple=wallets.apple is not None,
    )


def show_transfer(booking: Booking, ticket_id: UUID, *, origin: str) -> TransferView | None:
    """The form's page; None when the booking has no such ticket."""
    places = {ticket.id: place for place, ticket in enumerate(booking.tickets)}
    if ticket_id not in places:
        return None
    ticket = booking.tickets[places[ticket_id]]
    return TransferView(
        booking=show_booking(booking, origin=origin),
        number=places[ticket_id] + 1,
        holder_name=ticket.holder_name,
        version=ticket.epoch,
        is_open=can_be_handed_on(ticket, booking.listing.event, booking.now),
        path=transfer_path(booking.order.code, ticket.id),
    )
