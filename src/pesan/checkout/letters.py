"""What a buyer is told about an order: the facts of each letter, and the papers that travel with it."""

from uuid import UUID

from pesan.catalog.states import EventStatus
from pesan.checkout.documents import Papers, calendar_of, read_papers, ticket_pdf
from pesan.checkout.links import booking_form_path, status_path
from pesan.db import Actor, Database
from pesan.kit.money import format_rupiah
from pesan.kit.registry import Registry
from pesan.kit.times import format_datetime
from pesan.messaging import Attachment
from pesan.notifications.letters import Composers, Letter, LetterFacts
from pesan.notifications.states import ChannelName, Kind
from pesan.orders.errors import OrderNotFound
from pesan.orders.queries import get_order
from pesan.orders.states import OrderState
from pesan.settings import Settings
from pesan.storage import Storage
from pesan.tickets.render.documents import ink_on

_ACTOR = Actor.system("letters")
_WITH_TICKETS = frozenset({Kind.TICKET_READY, Kind.EVENT_MOVED})
_TRUE_IN = {
    Kind.PROOF_RECEIVED: {OrderState.REVIEW},
    Kind.TICKET_READY: {OrderState.COMPLETED},
    Kind.EVENT_MOVED: {OrderState.REVIEW, OrderState.PAID, OrderState.COMPLETED},
    Kind.REJECTED: {OrderState.REJECTED},
    Kind.EXPIRED: {OrderState.EXPIRED},
    Kind.CANCELLED: {OrderState.CANCELLED},
}
_CALENDAR_PARAMETERS = (("method", "PUBLISH"), ("charset", "utf-8"))


class OrderComposer:
    """Composes every letter about an order. Reads the order anew, so that a late letter says what is true then."""

    def __init__(self, deps: Registry) -> None:
        self._deps = deps

    async def compose(self, order_id: UUID, kind: Kind) -> Letter | None:
        """The letter; None when the order is gone, or moved on so that the letter would not be true any more."""
        try:
            async with self._deps[Database].read(_ACTOR) as session:
                papers = await read_papers(session, await get_order(session, order_id))
        except OrderNotFound:
            return None
        if not _is_still_true(kind, papers):
            return None
        order = papers.order
        addresses = {ChannelName.EMAIL: order.email, ChannelName.WHATSAPP: order.wa}
        return Letter(
            kind=kind,
            facts=self._facts(papers),
            addresses={name: address for name, address in addresses.items() if address},
            locale=papers.locale,
            reply_to=papers.merchant.contact_email,
            attachments=await self._attachments(papers) if kind in _WITH_TICKETS and papers.tickets else (),
        )

    def _facts(self, papers: Papers) -> LetterFacts:
        order, event, merchant = papers.order, papers.event, papers.merchant
        base_url = self._deps[Settings].base_url.rstrip("/")
        amount = papers.payment.amount if papers.payment else order.total_amount
        return LetterFacts(
            buyer_name=order.buyer_name,
            merchant_name=merchant.name,
            event_title=event.title,
            when=format_datetime(event.starts_at, merchant.zone, papers.locale),
            where=", ".join(part for part in (event.venue, event.city) if part),
            order_code=order.code,
            status_url=base_url + status_path(order.code),
            again_url=base_url + booking_form_path(event.slug, event.short_id),
            ticket_count=len(papers.tickets),
            amount=format_rupiah(amount) if amount else "",
            reason=order.reject_reason or "",
            accent=merchant.accent,
            on_accent=ink_on(merchant.accent),
        )

    async def _attachments(self, papers: Papers) -> tuple[Attachment, ...]:
        base_url = self._deps[Settings].base_url.rstrip("/")
        storage = self._deps[Storage]
        pdf = await ticket_pdf(papers, storage)
        calendar = calendar_of(papers, base_url=base_url)
        code = papers.order.code
        return (
            Attachment(f"tiket-{code}.pdf", "application/pdf", pdf),
            Attachment(f"acara-{code}.ics", "text/calendar", calendar, _CALENDAR_PARAMETERS),
        )


def _is_still_true(kind: Kind, papers: Papers) -> bool:
    is_cancelled = papers.event.status == EventStatus.CANCELLED
    if kind is Kind.EVENT_CANCELLED:
        return is_cancelled
    return papers.order.state in _TRUE_IN[kind] and not (is_cancelled and kind in _WITH_TICKETS)


def letter_composers(deps: Registry) -> Composers:
    """The composer of every kind of letter."""
    composer = OrderComposer(deps)
    return Composers(dict.fromkeys(Kind, composer))
