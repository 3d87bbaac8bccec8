"""The journeys of a purchase, each one move at the sale desk with what must be written beside it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from pesan.checkout.room import DiskRoom
from pesan.checkout.schemas import BuyerFields
from pesan.db import Actor, ActorKind
from pesan.idempotency.service import Answer, Wanted
from pesan.kit.i18n import Locale
from pesan.kit.ids import new_id
from pesan.orders import Companion, Move, Moved, OrderEvent, Placement, Replayed
from pesan.orders.desk import SaleDesk
from pesan.orders.dues import due_now, owes_balance
from pesan.orders.models import Order
from pesan.orders.moves import LineWish, Origin, PromoWish
from pesan.payments import CaptureCompanion, CashCompanion, RefundCause, RefundDueCompanion

Render = Callable[[Moved], Answer]


@dataclass(frozen=True, slots=True)
class Once:
    """A caller's idempotency key, and how the answer that it stores is made."""

    wanted: Wanted
    render: Render


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a buyer accepted with the order of this id: the texts, and the consents to be written with it."""

    order_id: UUID
    legal_ids: tuple[UUID, ...]
    companions: tuple[Companion, ...] = ()
    has_guardian: bool = False


async def place_hold(
    desk: SaleDesk,
    *,
    event_id: UUID,
    buyer: BuyerFields,
    actor: Actor,
    locale: Locale,
    room: DiskRoom,
    lines: Sequence[LineWish],
    promo: PromoWish | None = None,
    origin: Origin | None = None,
    once: Once | None = None,
    agreed: Agreed | None = None,
) -> Moved | Replayed:
    """Hold places for a buyer; an order that costs nothing is paid at once.

    Raises SaleClosed, SoldOut, HoldPoolFull, TooManyHolds, ReviewBacklog, QuantityNotAllowed, GuardianNeeded;
    TicketTypeNeeded, TicketTypeNotFound, SeatsNeeded, SeatNotFound, SeatTaken, SeatHeld; PromoNotValid, PromoUsedUp,
    PromoHeld; SalesPaused.
    """
    room.require()
    wish = Placement(
        event_id=event_id,
        buyer_name=buyer.name,
        lines=tuple(lines),
        promo=promo,
        wa=buyer.wa,
        email=buyer.email,
        notes=buyer.notes,
        locale=locale,
        # Staff who book for somebody do not book for themselves.
        user_id=actor.user_id if actor.kind is ActorKind.USER else None,
        legal_ids=agreed.legal_ids if agreed else (),
        origin=origin or Origin(),
        order_id=agreed.order_id if agreed else new_id(),
        has_guardian=agreed is not None and agreed.has_guardian,
    )
    move = Move.place(
        wish,
        actor,
        companions=agreed.companions if agreed else (),
        wanted=once.wanted if once else None,
        render=once.render if once else None,
    )
    return await desk.submit(move)


async def submit_proof(
    desk: SaleDesk, *, order: Order, proof: Companion, actor: Actor, once: Once | None = None
) -> Moved | Replayed:
    """Hand in a proof that is stored already: HOLD → REVIEW, or one of the balance, which leaves the order as it is.

    Raises HoldExpired, WrongState, ReviewBacklog.
    """
    event = OrderEvent.SUBMIT_BALANCE_PROOF if owes_balance(order) else OrderEvent.SUBMIT_PROOF
    return await desk.submit(_move(event, order, actor, companions=(proof,), once=once))


async def approve(
    desk: SaleDesk, *, order: Order, actor: Actor, once: Once | None = None
) -> Moved | Replayed:
    """A reviewer accepts the proof: REVIEW → PAID, the money is captured, fulfilment enqueued.

    Raises AlreadyDecided when another reviewer was first.
    """
    capture = CaptureCompanion(order.id, order.merchant_id, due_now(order))
    return await desk.submit(_move(OrderEvent.APPROVE, order, actor, companions=(capture,), once=once))


async def reject(
    desk: SaleDesk, *, order: Order, actor: Actor, reason: str, once: Once | None = None
) -> Moved | Replayed:
    """A reviewer refuses the proof: REVIEW → REJECTED, the places return, the buyer is told why."""
    return await desk.submit(_move(OrderEvent.REJECT, order, actor, reason=reason, once=once))


async def accept_balance_proof(
    desk: SaleDesk, *, order: Order, actor: Actor, once: Once | None = None
) -> Moved | Replayed:
    """A reviewer accepts the proof of the balance, which is paid then, by the payment that asked for it.

    Raises BalanceSettled, BalanceChanged; WrongState before the deposit is paid.
    """
    capture = CaptureCompanion(order.id, order.merchant_id, due_now(order))
    return await desk.submit(_move(OrderEvent.SETTLE_BALANCE, order, actor, companions=(capture,), once=once))


async def refuse_balance_proof(
    desk: SaleDesk, *, order: Order, actor: Actor, reason: str, once: Once | None = None
) -> Moved | Replayed:
    """A reviewer refuses the proof of the balance; the order goes on, and its buyer is told why and sends another.

    Raises AlreadyDecided when no proof waits.
    """
    return await desk.submit(_move(OrderEvent.REFUSE_BALANCE_PROOF, order, actor, reason=reason, once=once))


async def cancel(
    desk: SaleDesk, *, order: Order, actor: Actor, reason: str | None = None, once: Once | None = None
) -> Moved | Replayed:
    """The buyer gives a hold back, or staff cancel it; the places return."""
    return await desk.submit(_move(OrderEvent.CANCEL, order, actor, reason=reason, once=once))


async def accept_cash(
    desk: SaleDesk, *, order: Order, actor: Actor, once: Once | None = None
) -> Moved | Replayed:
    """Staff took the money at the counter: HOLD or REVIEW → PAID; the ledger gets what was due, a deposit or all."""
    cash = CashCompanion(order.id, order.merchant_id, due_now(order))
    return await desk.submit(_move(OrderEvent.PAY, order, actor, companions=(cash,), once=once))


async def accept_balance_cash(
    desk: SaleDesk, *, order: Order, actor: Actor, once: Once | None = None
) -> Moved | Replayed:
    """Staff took the balance at the counter, as they saw it; whatever asked for it elsewhere is given up.

    Raises BalanceSettled, BalanceChanged; WrongState before the deposit is paid.
    """
    cash = CashCompanion(order.id, order.merchant_id, due_now(order))
    return await desk.submit(_move(OrderEvent.SETTLE_BALANCE, order, actor, companions=(cash,), once=once))


async def accept_late(
    desk: SaleDesk, *, order: Order, actor: Actor, reason: str, once: Once | None = None
) -> Moved | Replayed:
    """Money came after the end: → PAID where the places are left, else it stays as it ended and the money is due back.

    The state of the outcome says which; either way the money is in the ledger.
    """
    move = _move(OrderEvent.PAY_LATE, order, actor, reason=reason, once=once)
    money = (order.id, order.merchant_id, due_now(order))
    due = RefundDueCompanion(*money, RefundCause.PAID_LATE, reason=reason, recorded_by=actor.user_id)
    return await desk.submit(replace(move, companions=(CaptureCompanion(*money),), if_refund_due=(due,)))


def _move(
    event: OrderEvent,
    order: Order,
    actor: Actor,
    *,
    reason: str | None = None,
    companions: tuple[Companion, ...] = (),
    once: Once | None = None,
) -> Move:
    return Move(
        event,
        order.event_id,
        actor,
        order.id,
        reason=reason,
        companions=companions,
        balance_amount=order.balance_due_amount if event is OrderEvent.SETTLE_BALANCE else None,
        wanted=once.wanted if once else None,
        render=once.render if once else None,
    )
