"""The papers of one order: its tickets, summary and certificates as PDF, its calendar entry.

`read_papers` gathers the facts in the caller's session; everything after it needs no database, so that no
transaction stays open while a store answers or typst works.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import func, select

from pesan.catalog.models import Event
from pesan.catalog.states import EventStatus
from pesan.db import ReadSession
from pesan.kit.i18n import Locale, parse_locale
from pesan.kit.phone import display_phone
from pesan.orders.errors import OrderNotFound
from pesan.orders.models import Order, OrderLine
from pesan.orders.queries import list_lines
from pesan.payments.models import Payment, PaymentMethod
from pesan.payments.states import PaymentState
from pesan.storage import Storage
from pesan.storage.errors import ObjectMissing, StorageUnavailable
from pesan.tenancy.models import Merchant
from pesan.tickets.errors import NoCertificate, TicketNotFound
from pesan.tickets.models import Ticket
from pesan.tickets.queries import list_tickets
from pesan.tickets.render import documents
from pesan.tickets.render.calendar import CalendarEntry, calendar_file, sequence_of
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
    """The facts of one order, as its papers need them; `now` is the database's."""

    order: Order
    event: Event
    merchant: Merchant
    lines: Sequence[OrderLine]
    tickets: Sequence[Ticket]
    payment: Payment | None
    method: PaymentMethod | None
    now: datetime

    @property
    def locale(self) -> Locale:
        """The language that the buyer booked in."""
        return parse_locale(self.order.locale)

    @property
    def live_tickets(self) -> Sequence[Ticket]:
        """The tickets that were not voided."""
        return [ticket for ticket in self.tickets if ticket.state != TicketState.VOID]

    @property
    def event_path(self) -> str:
        """Where the event's public page is."""
        return f"/x/{self.event.slug}-{self.event.short_id}"


@dataclass(frozen=True, slots=True)
class Pictures:
    """The merchant's logo and the event's cover, as files."""

    logo: bytes | None = None
    cover: bytes | None = None


async def read_papers(session: ReadSession, order_id: UUID) -> Papers:
    """The facts of an order that the session may see; raises OrderNotFound."""
    query = (
        select(Order, Event, Merchant, func.clock_timestamp())
        .join(Event, Event.id == Order.event_id)
        .join(Merchant, Merchant.id == Order.merchant_id)
        .where(Order.id == order_id)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise OrderNotFound
    order, event, merchant, now = row
    payment, method = await _payment(session, order_id)
    lines, tickets = await list_lines(session, order_id), await list_tickets(session, order_id)
    return Papers(order, event, merchant, lines, tickets, payment, method, now)


async def load_pictures(storage: Storage, papers: Papers) -> Pictures:
    """The pictures of the papers; one that cannot be had now is left out, a ticket matters more."""
    return Pictures(
        logo=await _load(storage, papers.merchant.logo_key),
        cover=await _load(storage, papers.event.cover_key),
    )


async def ticket_pdf(papers: Papers, pictures: Pictures, *, locale: Locale | None = None) -> bytes:
    """Every ticket of the order, a page each; raises TicketNotFound while there is none."""
    tickets = papers.live_tickets
    if not tickets:
        raise TicketNotFound
    spoken = locale or papers.locale
    brand, event = _brand(papers, pictures), _event(papers, pictures)
    sheets = [
        TicketSheet(
            brand,
            event,
            holder_name=ticket.holder_name,
            number=number,
            count=len(tickets),
            code=ticket.code,
            order_code=papers.order.code,
            qr_text=ticket.qr_text,
            issued_at=ticket.issued_at,
            locale=spoken,
        )
        for number, ticket in enumerate(tickets, start=1)
    ]
    return await documents.to_pdf(sheets)


async def summary_pdf(
    papers: Papers, pictures: Pictures, *, status: str, base_url: str, locale: Locale | None = None
) -> bytes:
    """The booking in one page, in any state; `status` is the word that the pages show for it."""
    order = papers.order
    sheet = SummarySheet(
        _brand(papers, pictures),
        _event(papers, pictures),
        order_code=order.code,
        buyer_name=order.buyer_name,
        status=status,
        placed_at=order.placed_at,
        lines=[SummaryLine(line.title, line.quantity, line.unit_amount) for line in papers.lines],
        total_amount=order.total_amount,
        paid_amount=papers.payment.amount if papers.payment else None,
        method_name=papers.method.display_name if papers.method else "",
        contact=order.email or (display_phone(order.wa) if order.wa else ""),
        status_url=f"{base_url}/b/{order.code}",
        locale=locale or papers.locale,
    )
    return await documents.to_pdf([sheet])


async def certificate_pdf(papers: Papers, pictures: Pictures, *, locale: Locale | None = None) -> bytes:
    """A certificate for each ticket; raises NoCertificate before the event's end, or where none is given."""
    event = papers.event
    if not event.certificate or papers.now < event.ends_at or not papers.live_tickets:
        raise NoCertificate
    spoken = locale or papers.locale
    brand, facts = _brand(papers, pictures), _event(papers, pictures)
    sheets = [
        CertificateSheet(brand, facts, ticket.holder_name, ticket.code, event.ends_at, spoken)
        for ticket in papers.live_tickets
    ]
    return await documents.to_pdf(sheets)


def calendar_ics(papers: Papers, *, base_url: str, locale: Locale | None = None) -> bytes:
    """The event for the buyer's own calendar; opened again after a change, it moves the entry."""
    event, order = papers.event, papers.order
    entry = CalendarEntry(
        uid=f"{order.id}@{urlsplit(base_url).hostname or 'pesan'}",
        title=event.title,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        changed_at=event.updated_at,
        sequence=sequence_of(event.created_at, event.updated_at),
        location=", ".join(part for part in (event.venue, event.address, event.city) if part),
        url=f"{base_url}/b/{order.code}",
        is_cancelled=event.status == EventStatus.CANCELLED,
        locale=locale or papers.locale,
    )
    return calendar_file(entry)


async def _payment(session: ReadSession, order_id: UUID) -> tuple[Payment | None, PaymentMethod | None]:
    """The payment that settled the order or is asked for now, with its method."""
    query = (
        select(Payment, PaymentMethod)
        .outerjoin(PaymentMethod, PaymentMethod.id == Payment.method_id)
        .where(Payment.order_id == order_id, Payment.state.in_((PaymentState.PAID, PaymentState.OPEN)))
        .order_by(Payment.settled_at.desc().nulls_last())
        .limit(1)
    )
    row = (await session.execute(query)).one_or_none()
    return (None, None) if row is None else (row[0], row[1])


async def _load(storage: Storage, key: str | None) -> bytes | None:
    if key is None:
        return None
    try:
        return await storage.get(key)
    except (ObjectMissing, StorageUnavailable):
        return None


def _brand(papers: Papers, pictures: Pictures) -> Brand:
    return Brand(papers.merchant.name, papers.merchant.accent, pictures.logo)


def _event(papers: Papers, pictures: Pictures) -> EventFacts:
    event = papers.event
    return EventFacts(
        title=event.title,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        zone=papers.merchant.zone,
        venue=event.venue,
        address=event.address,
        city=event.city,
        cover=pictures.cover,
    )
