"""Loading a booking with what its holder can do next; for the API and the pages alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from pesan.catalog.models import Seat
from pesan.catalog.queries import Listing, get_listing
from pesan.catalog.seating import list_seats_by_line
from pesan.db import Actor, Database, ReadSession
from pesan.orders.dues import owes_balance
from pesan.orders.errors import OrderNotFound
from pesan.orders.models import Order, OrderLine
from pesan.orders.queries import Period, find_period, get_order_by_code, list_lines
from pesan.orders.states import SLOTTED, OrderState, effective_state
from pesan.payments.models import Payment, PaymentMethod
from pesan.payments.queries import (
    find_main_payment,
    find_open_payment,
    get_method,
    list_offered_methods,
    list_payments,
)
from pesan.payments.refunds.models import Refund
from pesan.payments.refunds.queries import list_refunds
from pesan.payments.service import Instructions, make_instructions
from pesan.payments.states import PaymentState
from pesan.tickets.models import Ticket
from pesan.tickets.queries import list_tickets


@dataclass(frozen=True, slots=True)
class Booking:
    """One booking as its holder meets it, at the database's time `now`.

    `paid` is the payment that settled it; `has_failed` says that the last try to pay did not
    work and nothing was chosen since. `period` is the time that was booked, where times are sold.
    """

    order: Order
    listing: Listing
    methods: Sequence[PaymentMethod]
    instructions: Instructions | None
    tickets: Sequence[Ticket]
    now: datetime
    lines: Sequence[OrderLine]
    seats: Mapping[UUID, Sequence[Seat]]
    paid: Payment | None = None
    has_failed: bool = False
    refunds: Sequence[Refund] = ()
    period: Period | None = None

    @property
    def state(self) -> OrderState:
        """Its state by the clock: a hold whose time is over is expired, swept or not."""
        return effective_state(self.order, self.now)

    @property
    def is_payable(self) -> bool:
        """Whether its holder can pay now: a hold, or the balance of an order whose deposit is paid."""
        return self.state is OrderState.HOLD or owes_balance(self.order)

    @property
    def is_session(self) -> bool:
        """Whether it became a session at a booth, which has a page of its own."""
        return self.order.fulfilment in SLOTTED and self.state is OrderState.COMPLETED


async def load_booking(database: Database, code: str, actor: Actor) -> Booking:
    """The booking of this code in one read transaction; raises OrderNotFound."""
    async with database.read(actor) as session:
        order = await get_order_by_code(session, code)
        listing = await get_listing(session, event_id=order.event_id)
        state = effective_state(order, listing.now)
        owes = owes_balance(order)
        methods = await _methods(session, order) if state is OrderState.HOLD or owes else []
        instructions = await load_instructions(session, order) if state in _PAYABLE or owes else None
        tickets = await list_tickets(session, order.id) if state is OrderState.COMPLETED else []
        paid = await _find_paid(session, order) if state in _SETTLED else None
        has_failed = bool(methods) and instructions is None and await _has_failed(session, order)
        lines = await list_lines(session, order.id)
        is_typed = any(line.ticket_type_id for line in lines)
        seats = await list_seats_by_line(session, order.id) if is_typed else {}
        refunds = await list_refunds(session, order.id) if state not in _PAYABLE else ()
        period = await find_period(session, order)
    return Booking(
        order,
        listing,
        methods,
        instructions,
        tickets,
        listing.now,
        lines,
        seats,
        paid,
        has_failed,
        refunds,
        period,
    )


async def load_instructions(session: ReadSession, order: Order) -> Instructions | None:
    """How to pay the order's open payment, if a method was chosen."""
    payment = await find_open_payment(session, order.id)
    if payment is None or payment.method_id is None:
        return None
    method = await get_method(session, payment.method_id)
    return make_instructions(payment, method, order_code=order.code)


async def load_status(database: Database, code: str, actor: Actor) -> tuple[Order, OrderState, datetime]:
    """The order, its state by the clock and the database's time: what polling and streams need, in one query.

    Raises OrderNotFound.
    """
    async with database.read(actor) as session:
        query = select(Order, func.clock_timestamp()).where(Order.code == code)
        row = (await session.execute(query)).one_or_none()
    if row is None:
        raise OrderNotFound
    order, now = row
    return order, effective_state(order, now), now


async def _methods(session: ReadSession, order: Order) -> Sequence[PaymentMethod]:
    return await list_offered_methods(session, event_id=order.event_id, merchant_id=order.merchant_id)


async def _find_paid(session: ReadSession, order: Order) -> Payment | None:
    found = await find_main_payment(session, order.id)
    return found if found is not None and found.state == PaymentState.PAID else None


async def _has_failed(session: ReadSession, order: Order) -> bool:
    payments = await list_payments(session, order.id)
    return bool(payments) and payments[-1].state == PaymentState.FAILED


_PAYABLE = frozenset({OrderState.HOLD, OrderState.REVIEW})
_SETTLED = frozenset({OrderState.PAID, OrderState.COMPLETED})
