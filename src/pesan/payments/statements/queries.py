"""Every read of bank statements."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, func, or_, select

from pesan.db import ReadSession
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.payments.models import AmountReservation, Payment, PaymentMethod
from pesan.payments.statements.errors import LineNotFound
from pesan.payments.statements.models import BankLine, BankMatch, StatementFormat
from pesan.payments.statements.states import LineState
from pesan.payments.states import PaymentState

# How far a mistyped amount may be off and still be suggested: the width of a kode unik.
NEAR_AMOUNT = 999
_MOST_SUGGESTED = 3
# Banks book by Jakarta's day, wherever the merchant is.
ZONE_OF_BANKS = "Asia/Jakarta"


@dataclass(frozen=True, slots=True)
class Fit:
    """The order whose exact amount a line has, and the payment that asked for it."""

    order: Order
    payment: Payment
    is_in_time: bool
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An order that a line may be the money of, although its amount is another.

    `asked_amount` is what its buyer was asked to send, `base_amount` the same without the kode unik.
    """

    order_id: UUID
    code: str
    buyer_name: str
    asked_amount: int
    base_amount: int


async def list_new_lines(session: ReadSession, method_id: UUID, *, limit: int) -> Sequence[BankLine]:
    """Lines that nobody looked at yet, the oldest first."""
    query = select(BankLine).where(BankLine.method_id == method_id, BankLine.state == LineState.NEW)
    return (await session.scalars(query.order_by(BankLine.posted_on, BankLine.id).limit(limit))).all()


async def list_lines(
    session: ReadSession, method_id: UUID, fingerprints: Collection[bytes]
) -> Mapping[bytes, tuple[BankLine, UUID | None]]:
    """Lines of an account by their fingerprints, each with the order that it was matched with."""
    query = (
        select(BankLine, BankMatch.order_id)
        .outerjoin(BankMatch, BankMatch.line_id == BankLine.id)
        .where(BankLine.method_id == method_id, BankLine.fingerprint.in_(fingerprints))
    )
    return {line.fingerprint: (line, order_id) for line, order_id in await session.execute(query)}


async def find_fit(session: ReadSession, line: BankLine) -> Fit | None:
    """The order that this amount names on this account; None when it names none, or is reserved no more."""
    ended = Order.ended_at + func.make_interval(0, 0, 0, 0, 24)
    last_day = func.coalesce(ended, func.clock_timestamp()) + func.make_interval(0, 0, 0, 1)
    in_time = and_(
        # No day earlier: the amount may have been another order's until yesterday, whose line comes only now. This
        # order may have been placed yesterday as well, and got its amount after midnight.
        BankLine.posted_on >= func.date(func.timezone(ZONE_OF_BANKS, AmountReservation.reserved_at)),
        BankLine.posted_on <= func.date(last_day),
    )
    confirmed = exists().where(BankMatch.payment_id == Payment.id)
    query = (
        select(Order, Payment, in_time, confirmed)
        .select_from(BankLine)
        .join(PaymentMethod, PaymentMethod.id == BankLine.method_id)
        .join(
            AmountReservation,
            and_(
                AmountReservation.account_key == PaymentMethod.account_key,
                AmountReservation.amount == BankLine.amount,
                AmountReservation.merchant_id == BankLine.merchant_id,
            ),
        )
        .join(Payment, Payment.id == AmountReservation.payment_id)
        .join(Order, Order.id == AmountReservation.order_id)
        .where(BankLine.id == line.id)
    )
    row: Any = (await session.execute(query)).one_or_none()
    return Fit(*row) if row else None


async def get_open_line(session: ReadSession, merchant_id: UUID, line_id: UUID) -> BankLine:
    """A line of this merchant that waits for a person; raises LineNotFound."""
    query = select(BankLine).where(
        BankLine.id == line_id, BankLine.merchant_id == merchant_id, BankLine.state == LineState.OPEN
    )
    found = await session.scalar(query)
    if found is None:
        raise LineNotFound
    return found


async def list_open_lines(
    session: ReadSession, merchant_id: UUID, *, limit: int = 100
) -> Sequence[tuple[BankLine, PaymentMethod]]:
    """Lines that wait for a person, the oldest first, with their accounts."""
    query = (
        select(BankLine, PaymentMethod)
        .join(PaymentMethod, PaymentMethod.id == BankLine.method_id)
        .where(BankLine.merchant_id == merchant_id, BankLine.state == LineState.OPEN)
        .order_by(BankLine.posted_on, BankLine.id)
        .limit(limit)
    )
    return [(line, method) for line, method in await session.execute(query)]


async def list_suggestions(
    session: ReadSession, lines: Sequence[BankLine]
) -> Mapping[UUID, Sequence[Suggestion]]:
    """Of each line: unpaid orders of its account whose amount is near, or whose kode unik was left out; nearest first.

    Goods whose balance is due as well that were asked for exactly this before, as at another price. One statement for
    all lines.
    """
    difference = func.abs(Payment.amount - BankLine.amount)
    is_balance = and_(Order.state == OrderState.PAID, Payment.is_balance)
    place = func.row_number().over(partition_by=BankLine.id, order_by=(difference, Order.placed_at))
    near = (
        select(BankLine.id.label("line_id"), Order.id, Order.code, Order.buyer_name)
        .add_columns(Payment.amount, Payment.base_amount, place.label("place"))
        .join(Payment, Payment.method_id == BankLine.method_id)
        .join(Order, and_(Order.id == Payment.order_id, Order.merchant_id == BankLine.merchant_id))
        .where(
            BankLine.id.in_([line.id for line in lines]),
            or_(
                and_(
                    Payment.state == PaymentState.OPEN,
                    or_(Order.state.in_((OrderState.HOLD, OrderState.REVIEW)), is_balance),
                    or_(difference <= NEAR_AMOUNT, Payment.base_amount == BankLine.amount),
                ),
                # What owes nothing may have been paid by this very money already, as its proof showed it.
                and_(
                    Payment.state == PaymentState.SUPERSEDED,
                    is_balance,
                    Order.balance_due_amount > 0,
                    Payment.amount == BankLine.amount,
                ),
            ),
        )
        .subquery()
    )
    found: dict[UUID, list[Suggestion]] = {}
    for line_id, *about, _ in await session.execute(
        select(near).where(near.c.place <= _MOST_SUGGESTED).order_by(near.c.line_id, near.c.place)
    ):
        suggestion, others = Suggestion(*about), found.setdefault(line_id, [])
        if suggestion.order_id not in {other.order_id for other in others}:
            others.append(suggestion)
    return found


async def find_columns(session: ReadSession, method_id: UUID) -> Mapping[str, str]:
    """How this account's bank writes, as far as it is known."""
    query = select(StatementFormat.columns).where(StatementFormat.method_id == method_id)
    return await session.scalar(query) or {}
