"""Which moves of a group are granted: a pure function of what was read after the locks, in arrival order."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from pesan.audit import GENESIS
from pesan.capacity.errors import HoldPoolFull, SoldOut
from pesan.capacity.states import Bucket, PoolCounts
from pesan.catalog.errors import EventNotFound
from pesan.catalog.queries import Terms
from pesan.catalog.states import EventStatus, SaleState, sale_state
from pesan.db import ActorKind
from pesan.errors import PesanError
from pesan.kit.times import isoformat
from pesan.orders.errors import (
    AlreadyDecided,
    HoldExpired,
    HoldNotOver,
    NotYourOrder,
    OrderNotFound,
    QuantityNotAllowed,
    ReasonMissing,
    ReviewBacklog,
    SaleClosed,
    TooManyHolds,
    WrongState,
)
from pesan.orders.moves import Companion, Move, Moved, OrderFacts, Placement
from pesan.orders.states import (
    BUCKETS,
    ENDED,
    PLACED,
    PLACED_FREE,
    OrderEvent,
    OrderState,
    Transition,
    find_transition,
    refund_due,
)


@dataclass(slots=True)
class Situation:
    """Everything a group decides on; it changes as moves are granted, so that later ones see earlier ones.

    `claims` are (pool, places) per order; `live` counts unfinished orders per (event, kind, value) of a buyer;
    `unreviewed` are places in REVIEW per event; `next_hold_ends` is the earliest live hold's end per event.
    """

    now: datetime
    orders: dict[UUID, OrderFacts]
    claims: dict[UUID, list[tuple[UUID, int]]]
    pools: dict[UUID, PoolCounts]
    terms: Mapping[UUID, Terms]
    live: dict[tuple[UUID, str, str], int] = field(default_factory=dict)
    unreviewed: dict[UUID, int] = field(default_factory=dict)
    next_hold_ends: Mapping[UUID, datetime] = field(default_factory=dict)


class Granted(NamedTuple):
    """A move that goes through, with the order as it is afterwards."""

    move: Move
    order: OrderFacts
    transition: Transition
    source: OrderState | None
    moved: Moved
    companions: tuple[Companion, ...] = ()
    title: str = ""


def decide(move: Move, situation: Situation) -> Granted | PesanError:
    """Grant or refuse one move; a refusal changes nothing in the situation."""
    try:
        if move.placement is not None:
            return _place(move, move.placement, situation)
        return _transition(move, situation)
    except PesanError as refusal:
        return refusal


def _place(move: Move, wish: Placement, situation: Situation) -> Granted:
    terms = situation.terms.get(wish.event_id)
    if terms is None:
        raise EventNotFound
    _require_open_sale(terms, wish, situation)
    _require_buyer_limits(move, wish, terms, situation)
    claims = [(terms.pool_id, wish.quantity), *wish.also]
    for pool_id, quantity in claims:
        _require_places(situation.pools[pool_id], quantity, terms, situation)
    total = terms.price_amount * wish.quantity
    transition = PLACED if total else PLACED_FREE
    order = _new_order(wish, terms, transition.target, total, situation.now)
    for pool_id, quantity in claims:
        situation.pools[pool_id].move(quantity, Bucket.RELEASED, BUCKETS[transition.target])
    situation.orders[order.id] = order
    situation.claims[order.id] = claims
    _count_live(move, wish, situation)
    return Granted(
        move, order, transition, None, _moved(order, situation.now), move.companions, title=terms.title
    )


def _require_open_sale(terms: Terms, wish: Placement, situation: Situation) -> None:
    state = sale_state(terms, situation.now)
    if state is not SaleState.OPEN:
        raise SaleClosed(extra={"reason": state.value})
    if not 1 <= wish.quantity <= terms.max_per_order:
        raise QuantityNotAllowed(limit=terms.max_per_order)
    if terms.review_cap is not None and situation.unreviewed.get(terms.event_id, 0) >= terms.review_cap:
        raise ReviewBacklog(retry_after=60)


def _require_buyer_limits(move: Move, wish: Placement, terms: Terms, situation: Situation) -> None:
    for kind, value, limit in _buyer_keys(move, wish, terms):
        if situation.live.get((terms.event_id, kind, value), 0) >= limit:
            raise TooManyHolds(limit=limit)


def _buyer_keys(move: Move, wish: Placement, terms: Terms | None) -> list[tuple[str, str, int]]:
    """What one buyer can be recognised by; staff who book for people at the counter are not one buyer."""
    if move.actor.kind in {ActorKind.STAFF, ActorKind.SYSTEM}:
        return []
    contact, address = (terms.max_holds_per_contact, terms.max_holds_per_ip) if terms else (0, 0)
    keys = [("wa", wish.wa, contact), ("email", wish.email, contact), ("ip", move.actor.ip_digest, address)]
    return [(kind, value, limit) for kind, value, limit in keys if value]


def _count_live(move: Move, wish: Placement, situation: Situation) -> None:
    for kind, value, _ in _buyer_keys(move, wish, None):
        key = (wish.event_id, kind, value)
        situation.live[key] = situation.live.get(key, 0) + 1


def _require_places(pool: PoolCounts, quantity: int, terms: Terms, situation: Situation) -> None:
    if pool.can_hold(quantity):
        return
    if pool.used + quantity > pool.capacity:
        raise SoldOut
    ends_at = situation.next_hold_ends.get(terms.event_id)
    waits = max(1, int((ends_at - situation.now).total_seconds()) + 1) if ends_at else None
    extra = {"nextHoldEndsAt": isoformat(ends_at)} if ends_at else None
    raise HoldPoolFull(extra=extra, retry_after=waits)


def _new_order(wish: Placement, terms: Terms, state: OrderState, total: int, now: datetime) -> OrderFacts:
    return OrderFacts(
        id=wish.order_id,
        merchant_id=terms.merchant_id,
        event_id=terms.event_id,
        code=wish.code,
        state=state,
        quantity=wish.quantity,
        total_amount=total,
        currency=terms.currency,
        fulfilment=terms.fulfilment,
        email=wish.email,
        wa=wish.wa,
        hold_expires_at=now + timedelta(minutes=terms.hold_minutes),
        payment_open_until=None,
        submitted_at=None,
        ended_at=None,
        reject_reason=None,
        decided_by=None,
        audit_seq=0,
        audit_head=GENESIS,
    )


def _transition(move: Move, situation: Situation) -> Granted:
    order = situation.orders.get(move.order_id)
    if order is None or order.event_id != move.sale_id:
        raise OrderNotFound
    _require_rights(move, order)
    transition = find_transition(order.state, move.event)
    if transition is None:
        raise _refusal_of(move.event, order.state)
    _require_guard(move, order, situation)
    if move.event is OrderEvent.PAY_LATE and not _has_places(order, situation):
        return _stay(move, order, refund_due(order.state), situation, move.if_refund_due)
    if transition.target is order.state:
        return _stay(move, order, transition, situation, move.companions)
    _shift_claims(order, transition.target, situation)
    changed = _changed(order, move, transition, situation.now)
    situation.orders[order.id] = changed
    moved = _moved(changed, situation.now)
    return Granted(move, changed, transition, order.state, moved, move.companions)


def _stay(
    move: Move,
    order: OrderFacts,
    transition: Transition,
    situation: Situation,
    companions: tuple[Companion, ...],
) -> Granted:
    """Money that buys nothing, because it came too late or a second time: taken into the books, and due back."""
    moved = _moved(order, situation.now)
    return Granted(move, replace(order), transition, order.state, moved, companions)


def _has_places(order: OrderFacts, situation: Situation) -> bool:
    terms = situation.terms.get(order.event_id)
    if terms is None or terms.status == EventStatus.CANCELLED:
        return False
    return all(
        situation.pools[pool].can_use(quantity) for pool, quantity in situation.claims.get(order.id, [])
    )


def _refusal_of(event: OrderEvent, state: OrderState) -> PesanError:
    if event is OrderEvent.SUBMIT_PROOF and state is OrderState.EXPIRED:
        return HoldExpired(extra={"state": state.value})
    decided = event in {OrderEvent.APPROVE, OrderEvent.REJECT}
    error = AlreadyDecided if decided else WrongState
    return error(state=state.value, extra={"state": state.value})


# What gives somebody a place at an event, and so must not happen once it is cancelled.
_BUYS = frozenset({OrderEvent.SUBMIT_PROOF, OrderEvent.PAY, OrderEvent.APPROVE})
_BY_GUESTS = frozenset({OrderEvent.SUBMIT_PROOF, OrderEvent.CANCEL})
_WITH_REASON = frozenset({OrderEvent.REJECT, OrderEvent.REFUND})


def _require_rights(move: Move, order: OrderFacts) -> None:
    """The combiner's role sees every row, so who may do what is decided here, for each move."""
    actor = move.actor
    if actor.works_for(order.merchant_id):
        return
    if order.code not in actor.order_codes or move.event not in _BY_GUESTS:
        raise NotYourOrder
    if move.event is OrderEvent.CANCEL and order.state is not OrderState.HOLD:
        raise WrongState(state=order.state.value, extra={"state": order.state.value})


def _require_guard(move: Move, order: OrderFacts, situation: Situation) -> None:
    is_over = situation.now >= order.hold_expires_at
    terms = situation.terms.get(order.event_id)
    if move.event in _BUYS and terms is not None and terms.status == EventStatus.CANCELLED:
        raise SaleClosed(extra={"reason": SaleState.CANCELLED.value})
    if move.event is OrderEvent.SUBMIT_PROOF:
        if is_over:
            raise HoldExpired(extra={"state": OrderState.EXPIRED.value})
        _require_review_room(order, situation)
    elif move.event is OrderEvent.EXPIRE:
        has_open_payment = order.payment_open_until is not None and situation.now < order.payment_open_until
        if not is_over or has_open_payment:
            raise HoldNotOver
    elif move.event in _WITH_REASON and not (move.reason or "").strip():
        raise ReasonMissing


def _require_review_room(order: OrderFacts, situation: Situation) -> None:
    terms = situation.terms.get(order.event_id)
    places = situation.unreviewed.get(order.event_id, 0)
    if terms and terms.review_cap is not None and places + order.quantity > terms.review_cap:
        raise ReviewBacklog(retry_after=60)
    situation.unreviewed[order.event_id] = places + order.quantity


def _shift_claims(order: OrderFacts, target: OrderState, situation: Situation) -> None:
    source_bucket, target_bucket = BUCKETS[order.state], BUCKETS[target]
    if source_bucket is target_bucket:
        return
    for pool_id, quantity in situation.claims.get(order.id, []):
        situation.pools[pool_id].move(quantity, source_bucket, target_bucket)


def _changed(order: OrderFacts, move: Move, transition: Transition, now: datetime) -> OrderFacts:
    target = transition.target
    return replace(
        order,
        state=target,
        submitted_at=now if target is OrderState.REVIEW else order.submitted_at,
        ended_at=now if target in ENDED else None,
        reject_reason=move.reason if target is OrderState.REJECTED else order.reject_reason,
        decided_by=move.actor.user_id or order.decided_by,
    )


def _moved(order: OrderFacts, now: datetime) -> Moved:
    return Moved(
        order_id=order.id,
        merchant_id=order.merchant_id,
        event_id=order.event_id,
        code=order.code,
        state=order.state,
        quantity=order.quantity,
        total_amount=order.total_amount,
        currency=order.currency,
        hold_expires_at=order.hold_expires_at,
        at=now,
    )
