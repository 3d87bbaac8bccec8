"""The papers of a booking: tickets, summary, certificate, calendar entry; for the pages and for letters."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from pesan.catalog.models import Event, Seat
from pesan.catalog.seating import list_seats_by_id, list_seats_by_line
from pesan.catalog.states import EventStatus
from pesan.catalog.zones import zone_of
from pesan.checkout.errors import CertificateNotReady
from pesan.checkout.links import status_path
from pesan.checkout.words import word_of
from pesan.db import ReadSession
from pesan.kit.i18n import Locale, parse_locale
from pesan.kit.ids import shown_code
from pesan.kit.phone import display_phone
from pesan.orders.models import Order, OrderLine
from pesan.orders.queries import Period, find_period, list_lines
from pesan.orders.states import SHIPPED, OrderState
from pesan.payments.models import Payment, PaymentMethod
from pesan.payments.queries import find_main_payment, pays_all
from pesan.storage import Storage
from pesan.storage.errors import ObjectMissing, StorageUnavailable
from pesan.storage.keys import version_key
from pesan.tenancy.models import Merchant
from pesan.tickets.models import Ticket
from pesan.tickets.queries import list_tickets
from pesan.tickets.render.calendar import CalendarEntry, calendar_file, sequence_of
from pesan.tickets.render.documents import to_pdf
from pesan.tickets.render.sheets import (
    Brand,
    CertificateSheet,
    EventFacts,
    SummaryLine,
    SummarySheet,
    TicketSheet,
)
from pesan.tickets.states import TicketState


@dataclass(frozen=True, slots=True)
class Papers:
    """Everything that the papers of one booking say, read in one transaction.

    `tickets` are the buyer's own: those that are neither void nor handed on to somebody else.
    """

    order: Order
    event: Event
    merchant: Merchant
    lines: Sequence[OrderLine]
    tickets: Sequence[Ticket]
    seats: Mapping[UUID, Seat]
    payment: Payment | None
    method: PaymentMethod | None
    now: datetime
    period: Period | None = None

    @property
    def when(self) -> Period:
        """The time that was booked, or that of the event."""
        return self.period or Period(self.event.starts_at, self.event.ends_at)

    @property
    def locale(self) -> Locale:
        """The language that the buyer booked in."""
        return parse_locale(self.order.locale)


async def read_papers(session: ReadSession, order: Order) -> Papers:
    """Read what the papers of `order` need."""
    event = await session.get_one(Event, order.event_id)
    merchant = await session.get_one(Merchant, order.merchant_id)
    payment = await find_main_payment(session, order.id)
    method = await session.get(PaymentMethod, payment.method_id) if payment and payment.method_id else None
    lines = await list_lines(session, order.id)
    tickets = [
        ticket
        for ticket in await list_tickets(session, order.id)
        if ticket.state != TicketState.VOID and ticket.handed_on_at is None
    ]
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    seats = await list_seats_by_id(session, [ticket.seat_id for ticket in tickets])
    period = await find_period(session, order)
    return Papers(order, event, merchant, lines, tickets, seats, payment, method, now, period)


async def name_tickets(session: ReadSession, papers: Papers) -> str:
    """What was booked, by type and seat: `2 × VIP (Tribun A 1-5, Tribun A 1-6), 1 × Reguler`.

    Empty for an event that sells nothing but places.
    """
    lines = [line for line in papers.lines if line.ticket_type_id]
    if papers.tickets or not lines:
        seats: Mapping[UUID, Sequence[Seat]] = _seats_of_tickets(papers)
    else:
        seats = await list_seats_by_line(session, papers.order.id)
    issued = Counter(ticket.order_line_id for ticket in papers.tickets)
    counted = [(line, issued[line.id] if papers.tickets else line.quantity) for line in lines]
    return ", ".join(_name_line(line, count, seats.get(line.id, ())) for line, count in counted if count)


def _seats_of_tickets(papers: Papers) -> Mapping[UUID, Sequence[Seat]]:
    found: defaultdict[UUID, list[Seat]] = defaultdict(list)
    for ticket in papers.tickets:
        if ticket.seat_id and ticket.seat_id in papers.seats:
            found[ticket.order_line_id].append(papers.seats[ticket.seat_id])
    return found


def _name_line(line: OrderLine, count: int, seats: Sequence[Seat]) -> str:
    labels = ", ".join(seat.label for seat in seats)
    return f"{count} × {line.title}" + (f" ({labels})" if labels else "")


async def ticket_pdf(papers: Papers, storage: Storage) -> bytes:
    """Every ticket of the booking, a page each."""
    brand, facts = await _facts(papers, storage)
    sheets = [
        TicketSheet(
            brand=brand,
            event=facts,
            holder_name=ticket.holder_name,
            number=number,
            count=len(papers.tickets),
            code=ticket.code,
            # Whoever is given one of the pages has that ticket, and not the booking.
            order_code=shown_code(papers.order.code, is_open=False),
            qr_text=ticket.qr_text,
            issued_at=ticket.issued_at,
            line_title=ticket_title(ticket, papers.lines, papers.seats),
            locale=papers.locale,
        )
        for number, ticket in enumerate(papers.tickets, start=1)
    ]
    return await to_pdf(sheets)


async def summary_pdf(
    papers: Papers,
    storage: Storage,
    *,
    base_url: str,
    state: OrderState,
    is_invoice: bool = False,
    courier: str = "",
) -> bytes:
    """The booking on one page, whatever its state; as an invoice, with the `courier` that has its parcel."""
    brand, facts = await _facts(papers, storage)
    order = papers.order
    sheet = SummarySheet(
        brand=brand,
        event=facts,
        order_code=order.code,
        buyer_name=order.buyer_name,
        status=word_of(order, state).in_(papers.locale),
        placed_at=order.placed_at,
        lines=[SummaryLine(line.title, line.quantity, line.unit_amount) for line in papers.lines],
        total_amount=order.total_amount,
        # Paid in parts, no one payment says by how much it differs from what the order costs.
        paid_amount=papers.payment.amount if papers.payment and pays_all(papers.payment, order) else None,
        method_name=papers.method.display_name if papers.method else "",
        contact=" · ".join(filter(None, (order.wa and display_phone(order.wa), order.email))),
        status_url=base_url + status_path(order.code),
        takes_place=order.fulfilment not in SHIPPED,
        is_invoice=is_invoice,
        courier=courier,
        locale=papers.locale,
    )
    return await to_pdf([sheet])


async def certificate_pdf(papers: Papers, storage: Storage) -> bytes:
    """A certificate of attendance for each ticket, where the event gives one; raises CertificateNotReady.

    It bears the day on which the event ended.
    """
    if papers.now < papers.event.ends_at or papers.event.status == EventStatus.CANCELLED:
        raise CertificateNotReady
    brand, facts = await _facts(papers, storage)
    sheets = [
        CertificateSheet(brand, facts, ticket.holder_name, ticket.code, papers.event.ends_at, papers.locale)
        for ticket in papers.tickets
    ]
    return await to_pdf(sheets)


def ticket_title(ticket: Ticket, lines: Sequence[OrderLine], seats: Mapping[UUID, Seat]) -> str:
    """What a ticket is for: the title of its line, and its seat where it has one."""
    title = next((line.title for line in lines if line.id == ticket.order_line_id), "")
    seat = seats.get(ticket.seat_id) if ticket.seat_id else None
    return f"{title} · {seat.label}" if seat else title


def calendar_of(papers: Papers, *, base_url: str) -> bytes:
    """The calendar entry of the booking; the same entry, moved, when its time moves."""
    order = papers.order
    url = base_url + status_path(order.code)
    # A booked time may be exchanged while its event stays as it is, which stands in the order's history.
    changes = order.audit_seq if papers.period else 0
    return event_calendar(
        papers.event, papers.when, uid=f"{order.id}@pesan", url=url, locale=papers.locale, changes=changes
    )


def event_calendar(
    event: Event, when: Period, *, uid: str, url: str, locale: Locale, changes: int = 0
) -> bytes:
    """An event at its time, or at one of its times that changed so often, as the entry `uid`, which leads to `url`."""
    entry = CalendarEntry(
        uid=uid,
        title=event.title,
        starts_at=when.starts_at,
        ends_at=when.ends_at,
        changed_at=event.updated_at,
        sequence=sequence_of(event.created_at, event.updated_at) + changes,
        location=", ".join(part for part in (event.venue, event.address, event.city) if part),
        url=url,
        is_cancelled=event.status == EventStatus.CANCELLED,
        locale=locale,
    )
    return calendar_file(entry)


async def _facts(papers: Papers, storage: Storage) -> tuple[Brand, EventFacts]:
    brand, facts = await brand_and_facts(papers.merchant, papers.event, storage)
    return brand, replace(facts, starts_at=papers.when.starts_at, ends_at=papers.when.ends_at)


async def brand_and_facts(merchant: Merchant, event: Event, storage: Storage) -> tuple[Brand, EventFacts]:
    """Whose a paper is and what it is about, with their pictures."""
    brand = Brand(merchant.name, merchant.accent, await _picture(storage, merchant.logo_key))
    cover = version_key(event.cover_key, "share.jpg") if event.cover_key else None
    facts = EventFacts(
        title=event.title,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        zone=zone_of(event, merchant),
        venue=event.venue,
        address=event.address,
        city=event.city,
        cover=await _picture(storage, cover),
    )
    return brand, facts


async def _picture(storage: Storage, key: str | None) -> bytes | None:
    """A picture that cannot be had now must not keep a ticket from its owner."""
    try:
        return await storage.get(key) if key else None
    except (ObjectMissing, StorageUnavailable):
        return None
