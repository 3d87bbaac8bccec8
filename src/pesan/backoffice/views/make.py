"""From rows to views: everything that a page shows is decided here, nothing is loaded."""

from collections.abc import Sequence

from pesan.backoffice.queries.review import Reviewed, since_of
from pesan.backoffice.views.codes import Naming
from pesan.backoffice.views.review import Contact, Decision, Proof, ReviewItem, Twin
from pesan.kit.ids import CODE_TAIL
from pesan.orders.dues import due_now
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.payments.models import PaymentMethod, PaymentProof
from pesan.payments.queries import Duplicate
from pesan.payments.refunds.models import Refund
from pesan.storage.links import LinkedFile, Links

PROOFS_PATH = "/backoffice/proofs"
_DECIDED = frozenset({OrderState.PAID, OrderState.COMPLETED, OrderState.REJECTED, OrderState.CANCELLED})


def review_item(
    found: Reviewed,
    *,
    naming: Naming,
    proofs: Sequence[PaymentProof],
    duplicates: Sequence[Duplicate],
    links: Links,
) -> ReviewItem:
    """An order for its reviewer."""
    order, payment = found.order, found.payment
    return ReviewItem(
        ref=naming.ref(order.id, order.code),
        code=naming.code(order.code),
        state=order.state,
        event_title=found.event.title,
        buyer_name=order.buyer_name,
        contact=Contact(order.wa, order.email, naming.is_open),
        quantity=order.quantity,
        notes=order.notes,
        base_amount=payment.base_amount if payment else due_now(order) or order.total_amount,
        amount=payment.amount if payment else due_now(order) or order.total_amount,
        unique_code=payment.unique_code if payment else None,
        method=method_label(found.method),
        placed_at=order.placed_at,
        submitted_at=since_of(order),
        waiting_minutes=found.waiting_minutes,
        path=naming.review(order.id, order.code),
        booking_path=naming.booking(order.id, order.code),
        proofs=[proof_view(proof, order, links) for proof in reversed(proofs)],
        twins=twins_of(duplicates, naming),
        decision=None if order.balance_submitted_at else decision_of(order, found.reviewer),
        is_balance=order.balance_submitted_at is not None,
    )


def proof_view(proof: PaymentProof, order: Order, links: Links) -> Proof:
    """A proof behind a link that was signed now; the end of the code tells the downloads of several bookings apart."""
    ending = proof.object_key.rpartition(".")[2]
    file = LinkedFile(proof.object_key, proof.mime, f"bukti-{order.code[-CODE_TAIL:]}.{ending}")
    return Proof(
        url=f"{PROOFS_PATH}/{links.make(file)}",
        mime=proof.mime,
        size=proof.size,
        uploaded_at=proof.uploaded_at,
        width=proof.width,
        height=proof.height,
    )


def twins_of(duplicates: Sequence[Duplicate], naming: Naming) -> Sequence[Twin]:
    """Each other order once, exact likenesses first."""
    found: dict[str, Twin] = {}
    for duplicate in duplicates:
        path = naming.review(duplicate.proof.order_id, duplicate.order_code)
        code = naming.code(duplicate.order_code)
        twin = Twin(code, duplicate.order_state, duplicate.is_exact, path)
        found.setdefault(duplicate.order_code, twin)
    return list(found.values())


def decision_of(order: Order, reviewer: str | None) -> Decision | None:
    """Who decided and when, once somebody did."""
    if order.state not in _DECIDED or order.submitted_at is None:
        return None
    return Decision(order.state, reviewer, order.state_changed_at, order.reject_reason)


def method_label(method: PaymentMethod | None) -> str:
    """The account that the money should be on; a dash when none was chosen."""
    if method is None:
        return "–"
    return f"{method.bank_name} {method.account_no}" if method.account_no else method.display_name


def cause_of(refund: Refund) -> str:
    """The key of its words: some tickets were asked back for, or the whole booking, or money that bought nothing."""
    return "tickets" if refund.ticket_ids else refund.cause
