"""What buyers are told about their orders: the facts and files behind every notification."""

from collections.abc import Mapping
from uuid import UUID

from pesan.db import Actor, Database
from pesan.kit.money import format_rupiah
from pesan.kit.times import format_datetime
from pesan.messaging import Attachment
from pesan.notifications.letters import Letter, LetterFacts
from pesan.notifications.states import ChannelName, Kind
from pesan.orders.errors import OrderNotFound
from pesan.orders.states import OrderState
from pesan.storage import Storage
from pesan.tickets.papers import Papers, calendar_ics, load_pictures, read_papers, ticket_pdf
from pesan.tickets.render.documents import ink_on

_ACTOR = Actor.system("tickets.letters")

_SAID_IN: Mapping[Kind, frozenset[OrderState]] = {
    Kind.HOLD_PLACED: frozenset({OrderState.HOLD}),
    Kind.PROOF_RECEIVED: frozenset({OrderState.REVIEW}),
    Kind.TICKET_READY: frozenset({OrderState.COMPLETED}),
    Kind.REJECTED: frozenset({OrderState.REJECTED}),
    Kind.EXPIRED: frozenset({OrderState.EXPIRED}),
}
"""The states in which a letter is still true; a late one that no longer is stays unsent."""


class OrderLetters:
    """The Composer of every kind. Links are built on `base_url`, the instance's setting, and on nothing else."""

    def __init__(self, database: Database, storage: Storage, base_url: str) -> None:
        self._database = database
        self._storage = storage
        self._base_url = base_url.rstrip("/")

    async def compose(self, order_id: UUID, kind: Kind) -> Letter | None:
        """See Composer; None when the order has moved on."""
        try:
            async with self._database.read(_ACTOR) as session:
                papers = await read_papers(session, order_id)
        except OrderNotFound:
            return None
        if OrderState(papers.order.state) not in _SAID_IN[kind]:
            return None
        return Letter(
            kind=kind,
            facts=_facts(papers, kind, self._base_url),
            addresses=_addresses(papers),
            locale=papers.locale,
            reply_to=papers.merchant.contact_email,
            attachments=await self._attachments(papers) if kind is Kind.TICKET_READY else (),
        )

    async def _attachments(self, papers: Papers) -> tuple[Attachment, ...]:
        pdf = await ticket_pdf(papers, await load_pictures(self._storage, papers))
        ics = calendar_ics(papers, base_url=self._base_url)
        return (
            Attachment(f"tiket-{papers.order.code}.pdf", "application/pdf", pdf),
            Attachment(
                f"acara-{papers.order.code}.ics",
                "text/calendar",
                ics,
                (("charset", "utf-8"), ("method", "PUBLISH")),
            ),
        )


def _addresses(papers: Papers) -> dict[ChannelName, str]:
    contacts = {ChannelName.EMAIL: papers.order.email, ChannelName.WHATSAPP: papers.order.wa}
    return {name: address for name, address in contacts.items() if address}


def _facts(papers: Papers, kind: Kind, base_url: str) -> LetterFacts:
    order, event, merchant = papers.order, papers.event, papers.merchant
    is_hold = kind is Kind.HOLD_PLACED
    return LetterFacts(
        buyer_name=order.buyer_name,
        merchant_name=merchant.name,
        event_title=event.title,
        when=format_datetime(event.starts_at, merchant.zone, papers.locale),
        where=", ".join(part for part in (event.venue, event.city) if part),
        order_code=order.code,
        status_url=f"{base_url}/{'pay' if is_hold else 'b'}/{order.code}",
        again_url=f"{base_url}{papers.event_path}",
        ticket_count=len(papers.live_tickets),
        amount=_amount(papers, kind),
        deadline=format_datetime(order.hold_expires_at, merchant.zone, papers.locale) if is_hold else "",
        reason=order.reject_reason or "" if kind is Kind.REJECTED else "",
        accent=merchant.accent,
        on_accent=ink_on(merchant.accent),
    )


def _amount(papers: Papers, kind: Kind) -> str:
    amount = papers.payment.amount if papers.payment else papers.order.total_amount
    return format_rupiah(amount) if amount and kind is not Kind.EXPIRED else ""
