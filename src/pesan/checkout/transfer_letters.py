"""Letters about tickets that were handed on: to whoever has one now, and to whoever had it."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from pesan.catalog.zones import zone_of
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
from pesan.tickets.queries import (
    find_ticket,
    find_transfer,
    find_transfer_before,
    is_last_transfer,
    list_last_transfers,
)
from pesan.tickets.render.documents import ink_on
from pesan.tickets.states import TicketState

_ACTOR = Actor.system("letters")
_OF_HANDING_ON = (Kind.TICKET_RECEIVED, Kind.TICKET_HANDED_ON)
KINDS = (*_OF_HANDING_ON, Kind.TICKET_MOVED, Kind.TICKET_CANCELLED)
_TO_ITS_HOLDER = frozenset(KINDS) - {Kind.TICKET_HANDED_ON}
_WITH_TICKET = frozenset({Kind.TICKET_RECEIVED, Kind.TICKET_MOVED})
_THEN = ":"
Contacts = Mapping[ChannelName, str | None]
_CALENDAR_PARAMETERS = (("method", "PUBLISH"), ("charset", "utf-8"))


async def tell_both(session: WriteSession, channels: Channels, transfer_id: UUID) -> None:
    """Write down, once, that both are told, each by every channel that they gave."""
    transfer = await find_transfer(session, transfer_id)
    if transfer is None:
        raise GiveUp("checkout.transfer_missing")
    order = await get_order(session, transfer.order_id)
    for kind in _OF_HANDING_ON:
        await notify(
            session,
            order_id=order.id,
            merchant_id=order.merchant_id,
            kind=kind,
            channels=channels.reaching(await _contacts(session, kind, transfer, order)),
            occasion=str(transfer.id),
        )


async def tell_holders(
    session: WriteSession, channels: Channels, orders: Sequence[Order], kind: Kind, *, occasion: str = ""
) -> None:
    """Write down, once for each occasion, that everybody to whom a ticket of these orders was handed on is told."""
    for transfer in await list_last_transfers(session, [order.id for order in orders]):
        await notify(
            session,
            order_id=transfer.order_id,
            merchant_id=transfer.merchant_id,
            kind=kind,
            channels=channels.reaching(_contacts_of(transfer)),
            occasion=f"{transfer.id}{_THEN}{occasion}" if occasion else str(transfer.id),
        )


class TransferComposer:
    """Composes all of them; the occasion of each names its transfer first."""

    def __init__(self, deps: Registry) -> None:
        self._deps = deps

    async def compose(self, order_id: UUID, kind: Kind, occasion: str = "") -> Letter | None:
        """The letter; None for a new holder whose ticket is not theirs any more."""
        async with self._deps[Database].read(_ACTOR) as session:
            transfer = await find_transfer(session, UUID(occasion.partition(_THEN)[0]))
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
        if kind in _TO_ITS_HOLDER and not is_theirs:
            return None
        has_ticket = kind in _WITH_TICKET
        if has_ticket and not (ticket.is_signed and ticket.state != TicketState.VOID):
            return None
        return Letter(
            kind=kind,
            facts=self._facts(found, transfer, kind, locale, order_code=order.code if is_buyers else ""),
            addresses={name: address for name, address in addresses.items() if address},
            locale=locale,
            reply_to=found.merchant.contact_email,
            attachments=await self._attachments(found, locale) if has_ticket else (),
            own=own,
            merchant_id=order.merchant_id,
            event_id=order.event_id,
        )

    def _facts(
        self, found: Pass, transfer: TicketTransfer, kind: Kind, locale: Locale, *, order_code: str
    ) -> LetterFacts:
        event, merchant = found.event, found.merchant
        names = transfer.from_name, transfer.to_name
        is_holders = kind in _TO_ITS_HOLDER
        path = (
            ticket_path(found.ticket.code) if kind in _WITH_TICKET else event_path(event.slug, event.short_id)
        )
        return LetterFacts(
            buyer_name=names[is_holders],
            other_name=names[not is_holders],
            merchant_name=merchant.name,
            event_title=event.title,
            when=format_datetime(event.starts_at, zone_of(event, merchant), locale),
            where=", ".join(part for part in (event.venue, event.city) if part),
            tickets=found.title,
            ticket_count=1,
            # It opens the whole booking, so it stays with whoever booked.
            order_code="" if is_holders else order_code,
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
    if kind in _TO_ITS_HOLDER:
        return _contacts_of(transfer)
    before = await find_transfer_before(session, transfer)
    return _contacts_of(before) if before else contacts_of(order)


def _contacts_of(transfer: TicketTransfer) -> Contacts:
    return {ChannelName.EMAIL: transfer.to_email, ChannelName.WHATSAPP: transfer.to_wa}
