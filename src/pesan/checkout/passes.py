"""One ticket as its holder has it: what it admits to and its papers, nothing of the booking it came from."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from pesan.catalog.models import Event, Seat, TicketType
from pesan.catalog.states import EventStatus
from pesan.catalog.zones import zone_of
from pesan.checkout.documents import brand_and_facts, event_calendar
from pesan.checkout.links import ticket_path
from pesan.db import ReadSession
from pesan.errors import NotFound
from pesan.kit.i18n import Locale
from pesan.kit.times import in_zone
from pesan.orders.queries import Period
from pesan.storage import Storage
from pesan.tenancy.models import Merchant
from pesan.tickets.models import Ticket
from pesan.tickets.render.documents import to_pdf
from pesan.tickets.render.sheets import TicketSheet
from pesan.tickets.states import TicketState
from pesan.tickets.wallets import WalletFacts


@dataclass(frozen=True, slots=True)
class Pass:
    """A ticket with its event, at the database's time `now`; `title` is its type and seat, where it has them."""

    ticket: Ticket
    event: Event
    merchant: Merchant
    title: str
    now: datetime

    @property
    def admits(self) -> bool:
        """Whether there is a code to take along."""
        is_called_off = self.event.status == EventStatus.CANCELLED
        return self.ticket.is_signed and self.ticket.state != TicketState.VOID and not is_called_off


async def read_pass(session: ReadSession, ticket: Ticket) -> Pass:
    """What the holder of `ticket` may know; raises NotFound while its event is not public."""
    query = select(Event, Merchant, func.clock_timestamp()).join(Merchant, Merchant.id == Event.merchant_id)
    row = (await session.execute(query.where(Event.id == ticket.event_id))).one_or_none()
    if row is None:
        raise NotFound
    event, merchant, now = row
    kind = await session.get(TicketType, ticket.ticket_type_id) if ticket.ticket_type_id else None
    seat = await session.get(Seat, ticket.seat_id) if ticket.seat_id else None
    title = " · ".join(filter(None, (kind.name if kind else "", seat.label if seat else "")))
    return Pass(ticket, event, merchant, title, now)


async def pass_pdf(found: Pass, storage: Storage, locale: Locale) -> bytes:
    """The ticket on one page; the booking's code, which opens more than the ticket, is not on it."""
    brand, facts = await brand_and_facts(found.merchant, found.event, storage)
    ticket = found.ticket
    sheet = TicketSheet(
        brand=brand,
        event=facts,
        holder_name=ticket.holder_name,
        number=1,
        count=1,
        code=ticket.code,
        order_code="",
        qr_text=ticket.qr_text,
        issued_at=ticket.issued_at,
        line_title=found.title,
        locale=locale,
    )
    return await to_pdf([sheet])


def pass_calendar(found: Pass, *, base_url: str, locale: Locale) -> bytes:
    """The event for the holder's calendar, leading to the ticket's page."""
    url = base_url + ticket_path(found.ticket.code)
    when = Period(found.event.starts_at, found.event.ends_at)
    return event_calendar(found.event, when, uid=f"{found.ticket.id}@pesan", url=url, locale=locale)


async def wallet_facts(found: Pass, storage: Storage, locale: Locale) -> WalletFacts:
    """The ticket for a wallet, with the static code: no wallet turns ours on."""
    brand, _ = await brand_and_facts(found.merchant, found.event, storage)
    ticket, event, zone = found.ticket, found.event, zone_of(found.event, found.merchant)
    return WalletFacts(
        ticket_id=ticket.id,
        version=ticket.epoch,
        event_id=event.id,
        code=ticket.code,
        qr_text=ticket.qr_text,
        holder_name=ticket.holder_name,
        event_title=event.title,
        title=found.title,
        merchant_name=found.merchant.name,
        accent=found.merchant.accent,
        starts_at=in_zone(event.starts_at, zone),
        expires_at=in_zone(ticket.expires_at, zone),
        issued_at=found.now,
        venue=event.venue,
        address=", ".join(part for part in (event.address, event.city) if part),
        logo=brand.logo,
        locale=locale,
    )
