"""Every read of payments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, literal, or_, select
from sqlalchemy.dialects.postgresql import BIT
from sqlalchemy.orm import aliased
from sqlalchemy.sql import Select

from pesan.catalog.models import EventPaymentMethod
from pesan.db import ReadSession
from pesan.orders.dues import due_now, owes_balance
from pesan.orders.models import Order
from pesan.payments.errors import MethodNotFound, MethodNotOffered, PaymentNotFound, ProofNotFound
from pesan.payments.models import Payment, PaymentMethod, PaymentProof
from pesan.payments.refunds.models import Refund
from pesan.payments.statements.queries import NEAR_AMOUNT
from pesan.payments.states import PaymentState

# Bits of 64 in which two perceptual hashes may differ and still be of one picture, sent again.
SIMILAR_BITS = 6
_LIKENESS_WINDOW = timedelta(days=180)
_MAX_DUPLICATES = 20


def pays_all(payment: Payment, order: Order) -> bool:
    """Whether one payment paid what the order costs by now, but for what a person may overlook in a bank's line.

    It does not where the order is paid in parts, or its buyer agreed to another price since.
    """
    difference = abs(payment.base_amount - order.total_amount)
    return difference <= (NEAR_AMOUNT if payment.method_id is None else 0)


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A proof that was sent for another order already: the very same bytes, or a picture that looks the same."""

    proof: PaymentProof
    of_proof_id: UUID
    order_code: str
    order_state: str
    is_exact: bool


def goes_back() -> ColumnElement[bool]:
    """Whether a payment bought nothing, and has a refund of its own."""
    return select(literal(1)).where(Refund.payment_id == Payment.id).correlate(Payment).exists()


def was_asked_for() -> ColumnElement[bool]:
    """Whether a payment is what its order asked for, and not money that came beside it, whoever saw it come.

    One that is may go back as well, as when it came late; where the order has others, they come first.
    """
    is_beside = or_(Payment.gateway_account_id.is_not(None), Payment.flag.is_not(None), goes_back())
    return or_(Payment.method_id.is_not(None), ~is_beside)


async def get_method(session: ReadSession, method_id: UUID) -> PaymentMethod:
    """The method, if the session's actor may see it; raises MethodNotFound."""
    method = await session.get(PaymentMethod, method_id)
    if method is None:
        raise MethodNotFound
    return method


async def list_methods(
    session: ReadSession, merchant_id: UUID, *, only_active: bool = False
) -> Sequence[PaymentMethod]:
    """A merchant's methods in the order that the merchant gave them."""
    query = _in_order(select(PaymentMethod).where(PaymentMethod.merchant_id == merchant_id))
    return (await session.scalars(query.where(PaymentMethod.is_active) if only_active else query)).all()


async def list_offered_methods(
    session: ReadSession, *, event_id: UUID, merchant_id: UUID
) -> Sequence[PaymentMethod]:
    """The active methods of an event: those it names, or all of its merchant's when it names none."""
    query = select(PaymentMethod).where(_is_offered(event_id, merchant_id))
    return (await session.scalars(_in_order(query))).all()


async def get_offered_method(
    session: ReadSession, method_id: UUID, *, event_id: UUID, merchant_id: UUID
) -> PaymentMethod:
    """One of an event's active methods; raises MethodNotOffered."""
    query = select(PaymentMethod).where(PaymentMethod.id == method_id, _is_offered(event_id, merchant_id))
    method = await session.scalar(query)
    if method is None:
        raise MethodNotOffered
    return method


async def get_payment(session: ReadSession, payment_id: UUID) -> Payment:
    """The payment, if the session's actor may see it; raises PaymentNotFound."""
    payment = await session.get(Payment, payment_id)
    if payment is None:
        raise PaymentNotFound
    return payment


async def find_open_payment(session: ReadSession, order_id: UUID) -> Payment | None:
    """The payment that the order waits for, if a method was chosen."""
    return await session.scalar(
        select(Payment).where(Payment.order_id == order_id, Payment.state == PaymentState.OPEN)
    )


async def find_main_payment(session: ReadSession, order_id: UUID) -> Payment | None:
    """What bought the order first; the payment that it waits for where none did, and then what came in vain."""
    live = Payment.state.in_((PaymentState.PAID, PaymentState.OPEN))
    query = select(Payment).where(Payment.order_id == order_id, live, was_asked_for())
    first = query.order_by(goes_back(), Payment.state.desc(), Payment.created_at).limit(1)
    return await session.scalar(first)


async def find_superseded_payment(session: ReadSession, order: Order, method_id: UUID) -> Payment | None:
    """The earlier payment by this method of what the order asks for now, given up for another."""
    return await session.scalar(
        select(Payment).where(
            Payment.order_id == order.id,
            Payment.method_id == method_id,
            Payment.state == PaymentState.SUPERSEDED,
            Payment.is_balance == owes_balance(order),
            Payment.base_amount == due_now(order),
        )
    )


async def list_payments(session: ReadSession, order_id: UUID) -> Sequence[Payment]:
    """Every payment of one order, the oldest first."""
    query = select(Payment).where(Payment.order_id == order_id).order_by(Payment.created_at, Payment.id)
    return (await session.scalars(query)).all()


async def get_proof(session: ReadSession, proof_id: UUID) -> PaymentProof:
    """The proof, if the session's actor may see it; raises ProofNotFound."""
    proof = await session.get(PaymentProof, proof_id)
    if proof is None:
        raise ProofNotFound
    return proof


async def list_proofs(session: ReadSession, order_id: UUID) -> Sequence[PaymentProof]:
    """The proofs of one order, the oldest first."""
    query = select(PaymentProof).where(PaymentProof.order_id == order_id)
    return (await session.scalars(query.order_by(PaymentProof.uploaded_at, PaymentProof.id))).all()


async def find_duplicate_proofs(session: ReadSession, order_id: UUID) -> Sequence[Duplicate]:
    """Proofs of the same merchant's other orders that show what a proof of this order shows, exact ones first.

    The same bytes are found whenever they were sent, by an index. A likeness has none, so it is looked for among the
    proofs of the last 180 days; it is a hint and no verdict: two screenshots of one bank's app can look alike.
    """
    mine, other = aliased(PaymentProof), aliased(PaymentProof)
    is_exact = other.sha256 == mine.sha256
    is_recent = other.uploaded_at > func.clock_timestamp() - _LIKENESS_WINDOW
    is_similar = and_(is_recent, _differing_bits(mine, other) <= SIMILAR_BITS)
    rows = await session.execute(
        select(other, mine.id, Order.code, Order.state, is_exact)
        .join(other, and_(other.merchant_id == mine.merchant_id, other.order_id != mine.order_id))
        .join(Order, Order.id == other.order_id)
        .where(mine.order_id == order_id, or_(is_exact, is_similar))
        .order_by(is_exact.desc(), other.uploaded_at.desc())
        .limit(_MAX_DUPLICATES)
    )
    return [Duplicate(proof, of, code, state, exact) for proof, of, code, state, exact in rows]


def _in_order(query: Select[PaymentMethod]) -> Select[PaymentMethod]:
    return query.order_by(PaymentMethod.position, PaymentMethod.id)


def _is_offered(event_id: UUID, merchant_id: UUID) -> ColumnElement[bool]:
    named = EventPaymentMethod.event_id == event_id
    return and_(
        PaymentMethod.merchant_id == merchant_id,
        PaymentMethod.is_active,
        or_(
            ~exists().where(named),
            exists().where(named, EventPaymentMethod.method_id == PaymentMethod.id),
        ),
    )


def _differing_bits(one: type[PaymentProof], other: type[PaymentProof]) -> ColumnElement[int]:
    return func.bit_count(one.phash.op("#")(other.phash).cast(BIT(64)))
