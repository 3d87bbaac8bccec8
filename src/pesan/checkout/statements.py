"""Bank statements settle orders: exact amounts by themselves, near ones when a person says so, nothing twice."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from pesan.db import Actor, Database, WriteSession
from pesan.errors import Busy, PesanError
from pesan.orders.desk import SaleDesk
from pesan.orders.dues import owes_balance
from pesan.orders.models import Order
from pesan.orders.moves import Companion, Move, Moved
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments import CashCompanion, RefundCause, RefundDueCompanion
from pesan.payments.gateways.companions import GatewayCapture, GatewayRefundDue
from pesan.payments.refunds.errors import Overruled
from pesan.payments.repricing import RepricedCompanion
from pesan.payments.statements.errors import LineNotFound
from pesan.payments.statements.models import BankLine
from pesan.payments.statements.queries import NEAR_AMOUNT, Fit, Suggestion, find_fit, list_new_lines
from pesan.payments.statements.service import MatchCompanion, leave_to_people
from pesan.payments.statements.states import MatchKind
from pesan.payments.states import PaymentState

_ACTOR = Actor.system("statements")
_CHUNK = 200
_UNPAID = frozenset({OrderState.HOLD, OrderState.REVIEW})
_OVER = frozenset({OrderState.EXPIRED, OrderState.CANCELLED, OrderState.REJECTED})
_PAID = frozenset({OrderState.PAID, OrderState.COMPLETED})


async def match_lines(database: Database, desk: SaleDesk, method_id: UUID) -> None:
    """Look at each new line of an account once: settle it, confirm it, or leave it to a person."""
    while True:
        async with database.read(_ACTOR) as session:
            lines = await list_new_lines(session, method_id, limit=_CHUNK)
        for line in lines:
            await match_line(database, desk, line, seen_by=_ACTOR)
        if len(lines) < _CHUNK:
            return


async def accept_line(
    desk: SaleDesk, *, line: BankLine, order: Order, near: Suggestion, actor: Actor
) -> bool:
    """A person says that the line is this order's money, of its deposit or its balance: exactly what came is booked.

    What was asked for as another balance, as before a lower price, is due back as far as it is more; so is all of what
    pays too little of the balance now, or pays for a time that is over. Answers whether it paid for anything.
    Raises LineNotFound when the line was matched meanwhile, WrongState when the order was, BalanceArriving.
    """
    event, money = _booked(line, order, near, actor)
    match = MatchCompanion(line.id, order.merchant_id, order.id, MatchKind.ACCEPTED)
    # Of a time that is over nothing is left to be bought, whoever says so.
    late = _due(order, line, RefundCause.PAID_LATE, actor)
    try:
        outcome = await desk.submit(
            replace(_move(event, order, actor, line, *money, match), if_refund_due=(late, match))
        )
    except IntegrityError as error:
        raise LineNotFound from error
    except Overruled as overruled:
        raise overruled.refusal from overruled
    assert isinstance(outcome, Moved)
    return event is not OrderEvent.PAY_AGAIN and outcome.state in _PAID


def _booked(
    line: BankLine, order: Order, near: Suggestion, actor: Actor
) -> tuple[OrderEvent, tuple[Companion, ...]]:
    """What the money of a line does to an order; a little more or less than was asked for is taken for enough."""
    cash = CashCompanion(order.id, order.merchant_id, line.amount)
    if not owes_balance(order):
        return OrderEvent.PAY, (cash,)
    surplus = line.amount - order.balance_due_amount
    if surplus < -NEAR_AMOUNT:
        return OrderEvent.PAY_AGAIN, (_due(order, line, RefundCause.PAID_AGAIN, actor),)
    if surplus <= 0 or near.base_amount == order.balance_due_amount:
        return OrderEvent.SETTLE_BALANCE, (cash,)
    back = RepricedCompanion(
        order_id=order.id,
        merchant_id=order.merchant_id,
        currency=order.currency,
        owed=surplus,
        requested_by=actor.user_id,
        is_told=True,
    )
    return OrderEvent.SETTLE_BALANCE, (cash, back)


def _due(order: Order, line: BankLine, cause: RefundCause, actor: Actor) -> RefundDueCompanion:
    money = (order.id, order.merchant_id, line.amount)
    return RefundDueCompanion(*money, cause, recorded_by=actor.user_id, counted=True)


async def match_line(database: Database, desk: SaleDesk, line: BankLine, *, seen_by: Actor) -> None:
    """Settle a new line, confirm it, or leave it to a person; whoever looks at the same one meanwhile does no harm.

    `seen_by` needs to see the merchant's orders; it is the system that settles. Raises Busy.
    """
    async with database.read(seen_by) as session:
        fit = await find_fit(session, line)
    try:
        if fit is None or not fit.is_in_time or not await _settle(database, desk, line, fit):
            async with database.write(seen_by) as session:
                await leave_to_people(session, line.id)
    except Busy:
        raise  # the job tries again; a person could not do more than that
    except (PesanError, IntegrityError):
        # The order moved between reading and settling, or another job had the line: a person sees what is left.
        async with database.write(seen_by) as session:
            await leave_to_people(session, line.id)


async def _settle(database: Database, desk: SaleDesk, line: BankLine, fit: Fit) -> bool:
    """Whether the line is this order's money beyond doubt, and then it is in the books."""
    order, state = fit.order, OrderState(fit.order.state)
    if state in _PAID and fit.payment.state == PaymentState.PAID and not fit.is_confirmed:
        async with database.sale() as session:
            await _confirm(session, line, fit)
        return True
    is_balance = owes_balance(order) and fit.payment.is_balance
    if fit.payment.state != PaymentState.OPEN or not (state in _UNPAID | _OVER or is_balance):
        return False  # another method was chosen since, or the money came again: a person decides
    # By its id: the buyer may choose another method before this move has the order's lock.
    capture = GatewayCapture(order_id=order.id, payment_id=fit.payment.id)
    match = MatchCompanion(line.id, order.merchant_id, order.id, MatchKind.EXACT, fit.payment.id)
    due = GatewayRefundDue(order_id=order.id, payment_id=fit.payment.id, cause=RefundCause.PAID_LATE)
    event = OrderEvent.PAY_LATE if state in _OVER else _event_of(order)
    paid = _move(event, order, _ACTOR, line, capture, match)
    await desk.submit(replace(paid, if_refund_due=(due, match)))
    return True


async def _confirm(session: WriteSession, line: BankLine, fit: Fit) -> None:
    """The transfer that a reviewer approved by its proof is on the statement as well."""
    match = MatchCompanion(line.id, line.merchant_id, fit.order.id, MatchKind.CONFIRMED, fit.payment.id)
    await MatchCompanion.write_many(session, [match])


def _event_of(order: Order) -> OrderEvent:
    return OrderEvent.SETTLE_BALANCE if owes_balance(order) else OrderEvent.PAY


def _move(event: OrderEvent, order: Order, actor: Actor, line: BankLine, *companions: Companion) -> Move:
    return Move(
        event,
        order.event_id,
        actor,
        order.id,
        data={"bank_line_id": str(line.id), "amount": line.amount},
        companions=companions,
        balance_amount=order.balance_due_amount if event is OrderEvent.SETTLE_BALANCE else None,
    )
