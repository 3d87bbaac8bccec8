"""Which moves of a group are granted: a pure function of what was read after the locks, in arrival order."""

from collections import Counter
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from pesan.capacity.states import Bucket
from pesan.catalog.states import EventStatus, SaleState
from pesan.errors import PesanError
from pesan.orders.errors import (
    AlreadyDecided,
    HoldExpired,
    HoldNotOver,
    NotYourOrder,
    OrderNotFound,
    ReasonMissing,
    ReviewBacklog,
    SaleClosed,
    WrongState,
)
from pesan.orders.moves import Amendment, Companion, Move, OrderFacts
from pesan.orders.placing import place
from pesan.orders.situation import Granted, Situation, moved_of
from pesan.orders.states import (
    BUCKETS,
    ENDED,
    OrderEvent,
    OrderState,
    Transition,
    find_transition,
    refund_due,
)


def decide(move: Move, situation: Situation) -> Granted | PesanError:
    """Grant or refuse one move; a refusal changes nothing in the situation."""
    try:
        if move.placement is not None:
            return place(move, move.placement, situation)
        return _transition(move, situation)
    except PesanError as refusal:
        return refusal


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
    if move.event is OrderEvent.AMEND:
        return _amend(move, order, transition, situation)
    if transition.target is order.state:
        return _stay(move, order, transition, situation, move.companions)
    _shift_claims(order, transition.target, situation)
    changed = _changed(order, move, transition, situation.now)
    situation.orders[order.id] = changed
    moved = moved_of(changed, situation.now)
    return Granted(move, changed, transition, order.state, moved, move.companions)


def _stay(
    move: Move,
    order: OrderFacts,
    transition: Transition,
    situation: Situation,
    companions: tuple[Companion, ...],
) -> Granted:
    """Money that buys nothing, because it came too late or a second time: taken into the books, and due back."""
    moved = moved_of(order, situation.now)
    return Granted(move, replace(order), transition, order.state, moved, companions)


def _amend(move: Move, order: OrderFacts, transition: Transition, situation: Situation) -> Granted:
    """Some places go back to their pools; the last one only with the whole order."""
    change = move.amendment
    returned = order.returned_quantity + change.places
    claims = Counter(dict(situation.claims.get(order.id, ())))
    claims.subtract(_wanted(change))
    if returned >= order.quantity or min(claims.values(), default=0) < 0:
        raise WrongState(state=order.state.value, extra={"state": order.state.value})
    for release in change.releases:
        situation.pools[release.pool_id].move(release.quantity, BUCKETS[order.state], Bucket.RELEASED)
    situation.claims[order.id] = [(pool_id, quantity) for pool_id, quantity in claims.items() if quantity]
    changed = replace(order, returned_quantity=returned)
    situation.orders[order.id] = changed
    moved = moved_of(changed, situation.now)
    return Granted(move, changed, transition, order.state, moved, move.companions)


def _wanted(change: Amendment) -> Counter[UUID]:
    wanted: Counter[UUID] = Counter()
    for release in change.releases:
        wanted[release.pool_id] += release.quantity
    return wanted


def _has_places(order: OrderFacts, situation: Situation) -> bool:
    terms = situation.terms.get(order.event_id)
    if terms is None or terms.status == EventStatus.CANCELLED or situation.now >= terms.ends_at:
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
    if actor.works_for(order.merchant_id, order.event_id):
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
        # A buyer who is signed in decides nothing about their own order.
        decided_by=(move.actor.works_for(order.merchant_id, order.event_id) and move.actor.user_id)
        or order.decided_by,
    )
