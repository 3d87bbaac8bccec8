"""Who is told when a ticket is handed on: whoever has it now, and whoever had it."""

from collections.abc import Mapping
from uuid import UUID

from pesan.checkout.links import event_path, ticket_path
from pesan.checkout.passes import Pass, pass_calendar, pass_pdf, read_pass
from pesan.checkout.telling import contacts_of
from pesan.db import Actor, Database, ReadSession, WriteSession
from pesan.jobs import GiveUp
from pesan.kit.i18n import Locale, parse_locale
from pesan.kit.registry import Registry
from pesan.kit.times import format_datetime
from pesan.messaging import Attachment
from pesan.notifications.channels import Channels
from pesan.notifications.letters import Letter, LetterFacts
from pesan.notifications.queries import find_own_words
from pesan.notifications.service import notify
from pesan.notifications.states import ChannelName, Kind
from pesan.orders.models import Order
from pesan.orders.queries import get_order
from pesan.settings import Settings
from pesan.storage import Storage
from pesan.tickets.models import TicketTransfer
from pesan.tickets.queries import find_ticket, find_transfer, find_transfer_before, is_last_transfer
from pesan.tickets.render.documents import ink_on
from pesan.tickets.states import TicketState

_ACTOR = Actor.system("letters")
KINDS = (Kind.TICKET_RECEIVED, Kind.TICKET_HANDED_ON)
Contacts = Mapping[ChannelName, str | None]
_CALENDAR_PARAMETERS = (("method", "PUBLISH"), ("charset", "utf-8"))


async def tell_both(session: WriteSession, channels: Channels, transfer_id: UUID) -> None:
    """Write down, once, that both are told, each by every channel that they gave."""
    transfer = await find_transfer(session, transfer_id)
    if transfer is None:
        raise GiveUp("checkout.transfer_missing")
    order = await get_order(session, transfer.order_id)
    for kind in KINDS:
        await notify(
            session,
            order_id=order.id,
            merchant_id=order.merchant_id,
            kind=kind,
            channels=channels.reaching(await _contacts(session, kind, transfer, order)),
            occasion=str(transfer.id),
        )


class TransferComposer:
    """Composes both letters; the occasion of each is its transfer."""

    def __init__(self, deps: Registry) -> None:
        self._deps = deps

    async def compose(self, order_id: UUID, kind: Kind, occasion: str = "") -> Letter | None:
        """The letter; None for a new holder whose ticket is not theirs any more."""
        async with self._deps[Database].read(_ACTOR) as session:
            transfer = await find_transfer(session, UUID(occasion))
            ticket = await find_ticket(session, transfer.ticket_id) if transfer else None
            if transfer is None or ticket is None:
                return None
            order = await get_order(session, order_id)
            addresses = await _contacts(session, kind, transfer, order)
            is_buyers = await find_transfer_before(session, transfer) is None
            found = await read_pass(session, ticket)
            is_theirs = await is_last_transfer(session, transfer)
            locale = parse_locale(order.locale)
            own = await find_own_words(session, order.merchant_id, kind, locale)
        is_received = kind is Kind.TICKET_RECEIVED
        if is_received and not (is_theirs and ticket.is_signed and ticket.state != TicketState.VOID):
            return None
        return Letter(
            kind=kind,
            facts=self._facts(found, transfer, kind, locale, order_code=order.code if is_buyers else ""),
            addresses={name: address for name, address in addresses.items() if address},
            locale=locale,
            reply_to=found.merchant.contact_email,
            attachments=await self._attachments(found, locale) if is_received else (),
            own=own,
        )

    def _facts(
        self, found: Pass, transfer: TicketTransfer, kind: Kind, locale: Locale, *, order_code: str
    ) -> LetterFacts:
        event, merchant = found.event, found.merchant
        names = transfer.from_name, transfer.to_name
        is_received = kind is Kind.TICKET_RECEIVED
        path = ticket_path(found.ticket.code) if is_received else event_path(event.slug, event.short_id)
        return LetterFacts(
            buyer_name=names[is_received],
            other_name=names[not is_received],
            merchant_name=merchant.name,
            event_title=event.title,
            when=format_datetime(event.starts_at, merchant.zone, locale),
            where=", ".join(part for part in (event.venue, event.city) if part),
            tickets=found.title,
            ticket_count=1,
            # It opens the whole booking, so it stays with whoever booked.
            order_code="" if is_received else order_code,
            status_url=self._base_url + path,
            accent=merchant.accent,
            on_accent=ink_on(merchant.accent),
        )

    async def _attachments(self, found: Pass, locale: Locale) -> tuple[Attachment, ...]:
        pdf = await pass_pdf(found, self._deps[Storage], locale)
        calendar = pass_calendar(found, base_url=self._base_url, locale=locale)
        slug = found.event.slug
        return (
            Attachment(f"tiket-{slug}.pdf", "application/pdf", pdf),
            Attachment(f"acara-{slug}.ics", "text/calendar", calendar, _CALENDAR_PARAMETERS),
        )

    @property
    def _base_url(self) -> str:
        return self._deps[Settings].base_url.rstrip("/")


async def _contacts(session: ReadSession, kind: Kind, transfer: TicketTransfer, order: Order) -> Contacts:
    if kind is Kind.TICKET_RECEIVED:
        return _contacts_of(transfer)
    before = await find_transfer_before(session, transfer)
    return _contacts_of(before) if before else contacts_of(order)


def _contacts_of(transfer: TicketTransfer) -> Contacts:
    return {ChannelName.EMAIL: transfer.to_email, ChannelName.WHATSAPP: transfer.to_wa}
