"""The page of one booking."""

from collections.abc import Sequence
from uuid import UUID

from pesan.audit.queries import Record
from pesan.backoffice.queries.detail import Parts
from pesan.backoffice.views.bookings import (
    BookingDetail,
    LetterLine,
    PaymentRow,
    RefundLine,
    TicketRow,
    TrailEntry,
)
from pesan.backoffice.views.chrome import Shop
from pesan.backoffice.views.codes import Naming
from pesan.backoffice.views.make import cause_of, decision_of, method_label, proof_view, twins_of
from pesan.backoffice.views.review import Contact
from pesan.booths.states import FULFILMENT
from pesan.catalog.models import Event
from pesan.checkout.links import status_path
from pesan.checkout.telling import contacts_of
from pesan.kit.ids import new_id
from pesan.kit.registry import Registry
from pesan.notifications.channels import Channels
from pesan.notifications.models import Delivery, Notification
from pesan.notifications.states import Kind
from pesan.orders.dues import due_now, owes_balance
from pesan.orders.models import Order
from pesan.orders.states import TRANSITIONS, OrderEvent, OrderState
from pesan.payments.models import Payment, PaymentMethod
from pesan.payments.refunds.models import Refund
from pesan.payments.refunds.states import RefundState
from pesan.storage.links import Links
from pesan.tickets.policies import is_before_entry
from pesan.tickets.states import TicketState

_CANCELLABLE = frozenset({OrderState.HOLD, OrderState.REVIEW})
_REVIVABLE = frozenset({OrderState.EXPIRED, OrderState.CANCELLED, OrderState.REJECTED})


def booking_detail(
    order: Order,
    parts: Parts,
    shop: Shop,
    registry: Registry,
    *,
    naming: Naming,
    problem: str = "",
    was_resent: bool = False,
) -> BookingDetail:
    """The page's view; people whose role may change things see contacts whole."""
    links, may_change, path = registry[Links], naming.is_open, naming.booking(order.id, order.code)
    return BookingDetail(
        code=naming.code(order.code),
        state=order.state,
        event_title=parts.event.title,
        event_path=_event_path(parts.event, shop) if may_change else "",
        buyer_name=order.buyer_name,
        contact=Contact(order.wa, order.email, may_change),
        notes=order.notes,
        guardian=parts.guardian,
        quantity=order.quantity,
        total_amount=order.total_amount,
        placed_at=order.placed_at,
        hold_expires_at=order.hold_expires_at,
        path=path,
        review_path=naming.review(order.id, order.code),
        refunds_path=f"{shop.path}/refunds?q={naming.searched(order.code)}&show=all",
        public_path=status_path(order.code) if may_change else "",
        due_amount=due_now(order),
        balance_amount=order.balance_due_amount,
        can_take_cash=may_change and (order.state in _CANCELLABLE or owes_balance(order)),
        has_balance_proof=order.balance_submitted_at is not None,
        can_cancel=may_change and order.state in _CANCELLABLE,
        can_revive=may_change and order.state in _REVIVABLE,
        can_refund=may_change and _is_refundable(order, parts.refunds),
        can_pay_again=may_change and (OrderState(order.state), OrderEvent.PAY_AGAIN) in TRANSITIONS,
        once=str(new_id()),
        refunds=[RefundLine(cause_of(r), r.amount, r.state, r.reference) for r in parts.refunds],
        decision=decision_of(order, parts.names.get(order.decided_by) if order.decided_by else None),
        proofs=[proof_view(proof, order, links) for proof in parts.proofs],
        payments=[_payment(payment, parts.methods) for payment in parts.payments],
        tickets=_tickets(order, parts, naming),
        trail=[trail_entry(record, parts.names) for record in reversed(parts.records)],
        twins=twins_of(parts.duplicates, naming),
        letters=[_letter_line(told, delivery, parts) for told, delivery in parts.letters],
        letter=_letter(order, parts.letter, registry[Channels]),
        problem=problem,
        was_resent=was_resent,
    )


def _event_path(event: Event, shop: Shop) -> str:
    """Where what was booked is looked after: an event, or the outlet that sells as one."""
    if event.fulfilment == FULFILMENT:
        return f"/backoffice/booths/{shop.slug}/outlets/{event.id}"
    return f"{shop.path}/events/{event.short_id}"


def trail_entry(record: Record, names: dict[UUID, str]) -> TrailEntry:
    """One thing that happened, with the name of whoever did it."""
    entry = record.entry
    return TrailEntry(
        action=entry.action,
        actor_kind=entry.actor_kind,
        who=names.get(entry.actor_id) if entry.actor_id else None,
        at=entry.at,
        reason=record.private.reason if record.private else None,
    )


def _tickets(order: Order, parts: Parts, naming: Naming) -> list[TicketRow]:
    """Each may go back alone while its order goes on, and unless somebody asked for it already."""
    asked = {each for r in parts.refunds if r.state == RefundState.REQUESTED for each in r.ticket_ids or ()}
    path = naming.booking(order.id, order.code)
    has_way = naming.is_open and _is_refundable(order, parts.refunds) and order.state == OrderState.COMPLETED
    return [
        TicketRow(
            str(t.id),
            naming.code(t.code),
            t.number,
            t.holder_name,
            t.state,
            parts.shares[t.id],
            has_way and t.state != TicketState.VOID and t.id not in asked,
            f"{path}/tickets/{t.id}/transfer" if is_before_entry(t, parts.event, parts.now) else "",
        )
        for t in parts.tickets
    ]


def _letter_line(told: Notification, delivery: Delivery, parts: Parts) -> LetterLine:
    """How far a letter came; of one that became a chat message, as far as that came."""
    chat = parts.chats.get(delivery.id)
    if chat is None:
        state, at, code = delivery.state, delivery.sent_at or delivery.created_at, delivery.last_error_code
    else:
        state, code = f"chat_{chat.state}", chat.error_code
        at = chat.failed_at or chat.read_at or chat.delivered_at or chat.sent_at or chat.created_at
    has_failed = state in {"failed", "chat_failed", "chat_cancelled"}
    return LetterLine(told.kind, delivery.channel, state, at, (code or "") if has_failed else "")


def _letter(order: Order, kind: Kind | None, channels: Channels) -> str:
    """What can be sent again; nothing when there is no way to the buyer."""
    is_known = channels.reaching(contacts_of(order)) or channels.may_know(order.fulfilment)
    return kind.value if kind and is_known else ""


def _is_refundable(order: Order, refunds: Sequence[Refund]) -> bool:
    """Whether the booking cost something, and nobody has asked for it to go back as a whole."""
    asked = any(refund.is_whole and refund.state != RefundState.DECLINED for refund in refunds)
    has_way = (OrderState(order.state), OrderEvent.REFUND) in TRANSITIONS
    return has_way and order.total_amount > 0 and not asked


def _payment(payment: Payment, methods: dict[UUID, PaymentMethod]) -> PaymentRow:
    method = methods.get(payment.method_id) if payment.method_id else None
    return PaymentRow(
        method=method_label(method),
        amount=payment.amount,
        unique_code=payment.unique_code,
        state=payment.state,
        created_at=payment.created_at,
    )
