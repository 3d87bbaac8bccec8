"""From rows to views: everything that a page shows is decided here, nothing is loaded."""

from datetime import datetime

from markupsafe import Markup

from pesan.catalog.models import Event
from pesan.catalog.queries import Listing
from pesan.catalog.states import sale_state
from pesan.catalog.zones import zone_of
from pesan.checkout.documents import ticket_title
from pesan.checkout.links import pay_path, place_path, status_path, ticket_path, transfer_path
from pesan.checkout.words import word_of
from pesan.orders.dues import due_now, owes_balance, standing
from pesan.orders.models import Order
from pesan.orders.queries import Period
from pesan.orders.states import SHIPPED, SLOTTED, effective_state
from pesan.payments.models import PaymentMethod
from pesan.payments.queries import pays_all
from pesan.payments.refunds.models import Refund
from pesan.payments.refunds.states import RefundCause, RefundMethod, RefundState, is_owed
from pesan.payments.service import Instructions
from pesan.payments.states import MethodKind
from pesan.payments.unique_amount import format_code
from pesan.storage.keys import version_key
from pesan.storefront.basket_views import LineView, SumsView
from pesan.storefront.booking import Booking
from pesan.storefront.queries import Kept
from pesan.storefront.views import (
    BankInstructions,
    BookingView,
    Cover,
    EventCard,
    EventDetail,
    HostedInstructions,
    KeptBooking,
    MethodChoice,
    PaymentPanel,
    QrisInstructions,
    RefundView,
    StatusView,
    TicketView,
)
from pesan.tenancy.brands import MEDIA_PATH, show_brand
from pesan.tickets.models import Ticket
from pesan.tickets.policies import can_be_handed_on
from pesan.tickets.render.pictures import qr_svg
from pesan.tickets.slices import Slices
from pesan.tickets.states import TicketState

MOST_SECONDS = 300
"""How seldom an open ticket is read again at least."""


def show_card(listing: Listing, *, from_amount: int | None = None, period: Period | None = None) -> EventCard:
    """An event as a card; with a time of its that was booked, as that."""
    event, places = listing.event, listing.places
    return EventCard(
        title=event.title,
        slug=event.slug,
        short_id=event.short_id,
        brand=show_brand(listing.merchant),
        zone=zone_of(event, listing.merchant),
        starts_at=period.starts_at if period else event.starts_at,
        ends_at=period.ends_at if period else event.ends_at,
        venue=event.venue,
        city=event.city,
        price_amount=event.price_amount,
        sale=places.sale_state(sale_state(event, listing.now)),
        left=places.left,
        capacity=places.capacity,
        summary=event.summary,
        tags=event.tags,
        is_featured=event.is_featured,
        cover=_show_cover(event),
        path=place_path(event),
        from_amount=from_amount,
        sells_times=event.fulfilment in SLOTTED,
        ships=event.fulfilment in SHIPPED,
    )


def show_detail(
    listing: Listing, *, origin: str, next_hold_ends_at: datetime | None, from_amount: int | None = None
) -> EventDetail:
    """An event's page; `origin` makes the address that is shared."""
    event = listing.event
    card = show_card(listing, from_amount=from_amount)
    return EventDetail(
        card=card,
        description=event.description or event.summary,
        address=event.address,
        hold_minutes=event.hold_minutes,
        url=origin + card.path,
        capacity_left=listing.places.left,
        sale_opens_at=event.sale_opens_at,
        sale_closes_at=event.sale_closes_at,
        next_hold_ends_at=next_hold_ends_at,
        share_picture=origin + card.cover.share if card.cover else None,
    )


def show_booking(booking: Booking, *, origin: str) -> BookingView:
    """An order as its buyer sees it, at the database's time."""
    order, listing = booking.order, booking.listing
    return BookingView(
        code=order.code,
        state=booking.state,
        word=word_of(order, booking.state),
        card=show_card(listing, period=booking.period),
        buyer_name=order.buyer_name,
        quantity=order.quantity,
        total_amount=order.total_amount,
        now=booking.now,
        url=origin + status_path(order.code),
        path=status_path(order.code),
        pay_path=pay_path(order.code),
        hold_expires_at=order.hold_expires_at,
        hold_minutes=_held_minutes(order),
        reject_reason=order.reject_reason or "",
        notes=order.notes or "",
        sums=_show_sums(booking),
        due_amount=due_now(order),
        balance_amount=order.balance_due_amount,
        owes_balance=owes_balance(order),
        is_proof_waiting=order.balance_submitted_at is not None,
        mark=standing(order, booking.state),
    )


def show_payment(booking: Booking, *, origin: str, problem: str = "") -> PaymentPanel:
    """The pay page of a held order."""
    shown = show_booking(booking, origin=origin)
    methods = [MethodChoice(str(choice.id), choice.kind, choice.display_name) for choice in booking.methods]
    how = booking.instructions
    if how is None:
        return PaymentPanel(shown, methods, problem=problem, has_failed=booking.has_failed)
    return PaymentPanel(
        shown,
        methods,
        selected_id=next((str(choice.id) for choice in booking.methods if _is_chosen(choice, how)), ""),
        amount=how.amount,
        unique_code=how.unique_code,
        instructions=_show_instructions(how, shown.pay_path),
        problem=problem,
    )


def seconds_to_turn(slices: Slices) -> int:
    """How often a page draws a ticket's code anew.

    A code is accepted for a whole slice after its own, so a page that looks more often never shows a stale one; and a
    ticket may have been used or handed on meanwhile.
    """
    return max(10, min(slices.seconds // 4, MOST_SECONDS))


def show_status(booking: Booking, slices: Slices, *, origin: str) -> StatusView:
    """The status page, with tickets once the order is complete."""
    shown = show_booking(booking, origin=origin)
    event = booking.listing.event
    files = shown.path
    attended = bool(booking.tickets) and event.ends_at <= booking.now
    amount, unique_code = _asked(booking)
    return StatusView(
        shown,
        amount,
        unique_code,
        _show_tickets(booking, slices, files),
        calendar_path=f"{files}/calendar.ics",
        summary_path=f"{files}/summary.pdf",
        certificate_path=f"{files}/certificate.pdf" if event.certificate and attended else "",
        refunds=[_show_refund(refund) for refund in booking.refunds if _is_to_be_told(refund)],
        every=seconds_to_turn(slices) if any(_turns(ticket) for ticket in booking.tickets) else 0,
    )


def show_kept(kept: Kept) -> KeptBooking:
    """A line of the list of bookings that a browser keeps."""
    order = kept.order
    state = effective_state(order, kept.now)
    return KeptBooking(
        kept.event.title,
        status_path(order.code),
        state,
        word_of(order, state),
        None if order.fulfilment in SHIPPED else kept.starts_at,
        zone_of(kept.event, kept.merchant),
    )


def _asked(booking: Booking) -> tuple[int, str | None]:
    """What was to be paid to the last digit, and the unique code in it."""
    if booking.instructions is not None:
        return booking.instructions.amount, booking.instructions.unique_code
    if booking.paid is not None and pays_all(booking.paid, booking.order):
        code = booking.paid.unique_code
        return booking.paid.amount, format_code(code) if code else None
    return due_now(booking.order) or booking.order.total_amount, None


def _show_sums(booking: Booking) -> SumsView | None:
    order = booking.order
    is_plain = order.subtotal_amount == order.total_amount and not any(
        line.ticket_type_id for line in booking.lines
    )
    if is_plain:
        return None
    lines = [
        LineView(
            line.title,
            line.quantity,
            line.unit_amount * line.quantity,
            [seat.label for seat in booking.seats.get(line.id, ())],
        )
        for line in booking.lines
    ]
    return SumsView(
        lines,
        order.subtotal_amount,
        order.discount_amount,
        order.fees_amount,
        order.tax_amount,
        order.total_amount,
    )


def _show_tickets(booking: Booking, slices: Slices, files: str) -> list[TicketView]:
    seats = {seat.id: seat for of_line in booking.seats.values() for seat in of_line}
    titles = [ticket_title(ticket, booking.lines, seats) for ticket in booking.tickets]
    return [
        _show_ticket(
            booking,
            slices,
            ticket,
            number,
            title="" if title == booking.listing.event.title else title,
            files=files,
        )
        for number, (ticket, title) in enumerate(zip(booking.tickets, titles, strict=True), start=1)
    ]


def _show_ticket(
    booking: Booking, slices: Slices, ticket: Ticket, number: int, *, title: str, files: str
) -> TicketView:
    is_own = ticket.handed_on_at is None
    may_go = can_be_handed_on(ticket, booking.listing.event, booking.now)
    return TicketView(
        code=ticket.code if is_own else "",
        number=number,
        title=title,
        holder_name=ticket.holder_name,
        state=ticket.state,
        qr=draw_qr(slices.live_text(ticket, booking.now)) if is_own else Markup(),
        static_qr=draw_qr(ticket.qr_text) if is_own else Markup(),
        pdf_path=f"{files}/tickets.pdf",
        path=ticket_path(ticket.code) if is_own else "",
        transfer_path=transfer_path(booking.order.code, ticket.id) if may_go else "",
        is_handed_on=not is_own,
    )


def _turns(ticket: Ticket) -> bool:
    """Whether a ticket has a code on this page that somebody may still be let in with."""
    return ticket.state == TicketState.ACTIVE and ticket.handed_on_at is None


def _is_to_be_told(refund: Refund) -> bool:
    """A wish that nobody agreed to yet promises nothing."""
    state = RefundState(refund.state)
    return state is RefundState.PAID or is_owed(state, RefundCause(refund.cause))


def _show_refund(refund: Refund) -> RefundView:
    is_by_provider = refund.method == RefundMethod.GATEWAY and refund.failure is None  # else people send it
    return RefundView(refund.amount, refund.cause, is_by_provider, refund.paid_at)


def draw_qr(text: str) -> Markup:
    """A ticket's QR code for a page; nothing while a job still signs it."""
    return Markup(qr_svg(text, title="QR")) if text else Markup()  # noqa: S704 - drawn here, from Base45


def _show_instructions(
    how: Instructions, pay_page: str
) -> BankInstructions | QrisInstructions | HostedInstructions | None:
    if how.bank is not None:
        return BankInstructions(how.bank.bank_name, how.bank.account_no, how.bank.account_holder)
    if how.qris is not None:
        # Drawn by us; the title inside is escaped.
        codes = Markup(how.qris.svg), Markup(how.qris.static_svg)  # noqa: S704
        return QrisInstructions(how.qris.merchant_name or how.display_name, *codes, f"{pay_page}/qris.png")
    return HostedInstructions(how.display_name, how.hosted_url) if how.hosted_url else None


def _is_chosen(method: PaymentMethod, how: Instructions) -> bool:
    """Whether `how` says how to pay by `method`; instructions name no id."""
    if how.bank is not None:
        return method.kind == MethodKind.BANK and method.account_no == how.bank.account_no
    kind = MethodKind.QRIS if how.qris is not None else MethodKind.GATEWAY
    return method.kind == kind and method.display_name == how.display_name


def _show_cover(event: Event) -> Cover | None:
    if event.cover_key is None:
        return None
    names = ("card.webp", "small.webp", "large.webp", "share.jpg")
    return Cover(*(f"{MEDIA_PATH}/{version_key(event.cover_key, name)}" for name in names))


def _held_minutes(order: Order) -> int:
    """As long as it was granted for, whatever the event says by now."""
    return max(1, round((order.hold_expires_at - order.placed_at).total_seconds() / 60))
