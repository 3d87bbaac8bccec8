"""What a buyer is told about an order: the facts of each letter, and the papers that travel with it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from pesan.catalog.states import EventStatus
from pesan.catalog.zones import zone_of
from pesan.checkout.documents import Papers, calendar_of, name_tickets, read_papers, ticket_pdf
from pesan.checkout.links import again_path, pay_path, status_path
from pesan.checkout.reminders import COMING, is_near, is_slot_near
from pesan.checkout.telling import find_contacts
from pesan.checkout.transfer_letters import KINDS as TRANSFER_KINDS
from pesan.checkout.transfer_letters import TransferComposer
from pesan.db import Actor, Database
from pesan.kit.money import format_rupiah
from pesan.kit.registry import Registry
from pesan.kit.times import format_datetime
from pesan.messaging import Attachment
from pesan.notifications.channels import Channels
from pesan.notifications.letters import Composer, Composers, Letter, LetterFacts
from pesan.notifications.queries import find_own_words
from pesan.notifications.states import Kind
from pesan.orders.dues import due_now, is_refused, owes_balance
from pesan.orders.errors import OrderNotFound
from pesan.orders.queries import get_order
from pesan.orders.states import SHIPPED, OrderState
from pesan.payments.queries import pays_all
from pesan.payments.refunds.models import Refund
from pesan.payments.refunds.queries import list_refunds
from pesan.payments.refunds.states import RefundCause, RefundState, is_owed
from pesan.settings import Settings
from pesan.storage import Storage
from pesan.tickets.render.documents import ink_on

_ACTOR = Actor.system("letters")
_WITH_TICKETS = frozenset({Kind.TICKET_READY, Kind.EVENT_MOVED})
_OF_SESSIONS = frozenset({Kind.SESSION_READY, Kind.SESSION_MOVED, Kind.SESSION_REMINDER})
_TAKES_PLACE = _WITH_TICKETS | _OF_SESSIONS | {Kind.REMINDER, Kind.FOLLOW_UP}
_TRUE_IN = {
    Kind.PROOF_RECEIVED: {OrderState.REVIEW},
    Kind.TICKET_READY: {OrderState.COMPLETED},
    Kind.EVENT_MOVED: {OrderState.REVIEW, OrderState.PAID, OrderState.COMPLETED},
    Kind.REMINDER: COMING,
    Kind.FOLLOW_UP: {OrderState.COMPLETED},
    Kind.REJECTED: {OrderState.REJECTED},
    Kind.EXPIRED: {OrderState.EXPIRED},
    Kind.CANCELLED: {OrderState.CANCELLED},
    Kind.ORDER_CONFIRMED: {OrderState.PAID, OrderState.COMPLETED},
    Kind.DEPOSIT_RECEIVED: {OrderState.PAID},
    Kind.BALANCE_REFUSED: {OrderState.PAID},
    Kind.PARCEL_SENT: {OrderState.COMPLETED},
    Kind.PRICE_PROPOSED: {OrderState.PAID},
    **{kind: {OrderState.COMPLETED} for kind in _OF_SESSIONS},
}
_OF_PAYMENT = frozenset({Kind.ORDER_CONFIRMED, Kind.DEPOSIT_RECEIVED})
_OF_MONEY = frozenset({Kind.TAKEN_BACK, Kind.TICKETS_REFUNDED, Kind.REFUND_DUE, Kind.REFUNDED})
_LET_GO = frozenset({RefundState.APPROVED, RefundState.PAID, RefundState.FAILED})
_CALENDAR_PARAMETERS = (("method", "PUBLISH"), ("charset", "utf-8"))


class OrderComposer:
    """Composes every letter about an order. Reads the order anew, so that a late letter says what is true then."""

    def __init__(self, deps: Registry) -> None:
        self._deps = deps

    async def compose(self, order_id: UUID, kind: Kind, occasion: str = "") -> Letter | None:
        """The letter; None when the order is gone, or moved on so that the letter would not be true any more."""
        try:
            async with self._deps[Database].read(_ACTOR) as session:
                papers = await read_papers(session, await get_order(session, order_id))
                refunds = await list_refunds(session, order_id) if kind in _OF_MONEY else ()
                tickets = await name_tickets(session, papers)
                own = await find_own_words(session, papers.merchant.id, kind, papers.locale)
                addresses = await find_contacts(session, self._deps[Channels], papers.order)
        except OrderNotFound:
            return None
        told = _refunds_told(kind, refunds, occasion)
        if not (told if kind in _OF_MONEY else _is_still_true(kind, papers)):
            return None
        order = papers.order
        facts = self._facts(papers, tickets)
        return Letter(
            kind=kind,
            facts=_with_money(facts, told) if told else facts,
            addresses={name: address for name, address in addresses.items() if address},
            locale=papers.locale,
            reply_to=papers.merchant.contact_email,
            attachments=await self._attachments(papers) if kind in _WITH_TICKETS and papers.tickets else (),
            own=own,
            merchant_id=order.merchant_id,
            event_id=order.event_id,
            is_of_goods=order.fulfilment in SHIPPED,
        )

    def _facts(self, papers: Papers, tickets: str) -> LetterFacts:
        order, event, merchant = papers.order, papers.event, papers.merchant
        base_url = self._deps[Settings].base_url.rstrip("/")
        amount, balance = _amount(papers), order.balance_due_amount if owes_balance(order) else 0
        when = format_datetime(papers.when.starts_at, zone_of(event, merchant), papers.locale)
        return LetterFacts(
            buyer_name=order.buyer_name,
            merchant_name=merchant.name,
            event_title=event.title,
            when="" if order.fulfilment in SHIPPED else when,
            where=", ".join(part for part in (event.venue, event.city) if part),
            order_code=order.code,
            status_url=base_url + status_path(order.code),
            again_url=base_url + again_path(event),
            tickets=tickets,
            ticket_count=len(papers.tickets),
            amount=format_rupiah(amount) if amount else "",
            balance=format_rupiah(balance) if balance else "",
            pay_url=base_url + pay_path(order.code) if balance else "",
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


def _amount(papers: Papers) -> int:
    """What was paid or is asked for; where it is paid in parts, no one payment says what all of them came to."""
    order = papers.order
    is_in_parts = papers.payment is not None and not pays_all(papers.payment, order)
    if is_in_parts and order.state in (OrderState.PAID, OrderState.COMPLETED):
        return order.total_amount - order.balance_due_amount
    return papers.payment.amount if papers.payment else due_now(order) or order.total_amount


def _is_still_true(kind: Kind, papers: Papers) -> bool:
    is_cancelled = papers.event.status == EventStatus.CANCELLED
    if kind is Kind.EVENT_CANCELLED:
        return is_cancelled
    if kind is Kind.REMINDER and not is_near(papers.event, papers.merchant, papers.now):
        return False
    if kind is Kind.SESSION_REMINDER and not is_slot_near(
        papers.when, papers.event, papers.merchant, papers.now
    ):
        return False
    if kind is Kind.FOLLOW_UP and papers.now < papers.event.ends_at:
        return False
    if kind is Kind.BALANCE_REFUSED and not is_refused(papers.order):
        return False
    # One says that all of it is paid, and the other what is not.
    if kind in _OF_PAYMENT and owes_balance(papers.order) != (kind is Kind.DEPOSIT_RECEIVED):
        return False
    return papers.order.state in _TRUE_IN[kind] and not (is_cancelled and kind in _TAKES_PLACE)


def _refunds_told(kind: Kind, refunds: Sequence[Refund], occasion: str) -> Sequence[Refund]:
    """The refunds that a letter about money speaks of; none when it would not be true any more."""
    if kind is Kind.REFUNDED:
        return _refund_sent(refunds, occasion)
    if kind is Kind.TICKETS_REFUNDED:
        # True whether the money went meanwhile or not: the tickets are void.
        return [refund for refund in refunds if str(refund.id) == occasion and refund.state in _LET_GO]
    owed = [refund for refund in refunds if is_owed(RefundState(refund.state), RefundCause(refund.cause))]
    if kind is Kind.REFUND_DUE:
        return owed
    return [refund for refund in owed if refund.cause == RefundCause.ASKED and not refund.ticket_ids]


def _refund_sent(refunds: Sequence[Refund], occasion: str) -> Sequence[Refund]:
    """The one whose sending `occasion` names, or that was sent last; others may have gone before its letter does."""
    sent = [refund for refund in refunds if refund.state == RefundState.PAID]
    if occasion:
        return [refund for refund in sent if str(refund.source_id) == occasion]
    return sorted(sent, key=lambda refund: refund.paid_at or refund.requested_at)[-1:]


def _with_money(facts: LetterFacts, refunds: Sequence[Refund]) -> LetterFacts:
    last = refunds[-1]
    return replace(
        facts,
        amount=format_rupiah(sum(refund.amount for refund in refunds)),
        # What staff note of money that came in is theirs; the reason for taking an order back is the buyer's to read.
        reason=last.reason or "" if last.cause == RefundCause.ASKED else "",
        # Until the money went it is only the provider's name of what it took on.
        reference=(last.reference or "") if last.state == RefundState.PAID else "",
    )


def letter_composers(deps: Registry, more: Mapping[Kind, Composer] | None = None) -> Composers:
    """The composer of every kind of letter; `more` are the composers of kinds that know more than an order."""
    of_orders, of_transfers = OrderComposer(deps), TransferComposer(deps)
    own = {kind: of_transfers if kind in TRANSFER_KINDS else of_orders for kind in Kind}
    return Composers({**own, **(more or {})})
