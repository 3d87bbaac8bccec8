"""Which moves of a group are granted: a pure function of what was read after the locks, in arrival order."""

from collections import Counter
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from pesan.capacity.errors import SlotTaken
from pesan.capacity.states import Bucket
from pesan.catalog.states import EventStatus, SaleState
from pesan.catalog.terms import SlotTerms
from pesan.errors import PesanError
from pesan.orders.balances import change_balance, decider, require_balance_guard
from pesan.orders.errors import (
    AlreadyDecided,
    HoldExpired,
    HoldNotOver,
    NotYourOrder,
    OrderNotFound,
    ReasonMissing,
    ReviewBacklog,
    SaleClosed,
    SlotOver,
    WrongState,
)
from pesan.orders.moves import Amendment, Companion, Move, OrderFacts
from pesan.orders.placing import place
from pesan.orders.repricing import reprice, require_reprice_guard
from pesan.orders.situation import Granted, LineClaim, Situation, moved_of
from pesan.orders.states import (
    BUCKETS,
    ENDED,
    OF_BALANCE,
    OrderEvent,
    OrderState,
    Transition,
    find_transition,
    refund_due,
)
from pesan.orders.times import find_slot, is_free, require_free, take


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
    if _buys_nothing(move, order, situation):
        return _stay(move, order, refund_due(order.state), situation, move.if_refund_due)
    if move.event in _AMENDS:
        return _amend(move, order, transition, situation)
    if move.event in OF_BALANCE:
        return change_balance(move, order, transition, situation)
    if move.event is OrderEvent.REPRICE:
        return reprice(move, order, transition, situation)
    if transition.target is order.state:
        return _stay(move, order, transition, situation, move.companions)
    _shift_claims(order, transition.target, situation)
    if move.event is OrderEvent.PAY_LATE:
        take(_slots_of(order, situation), order.id, BUCKETS[transition.target], situation)
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
    """Some places go back to their pools, the last one only with the whole order; others are taken for them."""
    change = move.amendment
    returned = order.returned_quantity + change.places
    claims = Counter(dict(situation.claims.get(order.id, ())))
    claims.subtract(_wanted(change))
    if returned >= order.quantity or min(claims.values(), default=0) < 0:
        raise WrongState(state=order.state.value, extra={"state": order.state.value})
    acquired = _acquire(order, change, situation)
    for release in change.releases:
        situation.pools[release.pool_id].move(release.quantity, BUCKETS[order.state], Bucket.RELEASED)
    claims.update(claim.pool_id for claim in acquired)
    situation.claims[order.id] = [(pool_id, quantity) for pool_id, quantity in claims.items() if quantity]
    changed = replace(order, returned_quantity=returned)
    situation.orders[order.id] = changed
    moved = moved_of(changed, situation.now)
    return Granted(move, changed, transition, order.state, moved, move.companions, acquired=acquired)


def _acquire(order: OrderFacts, change: Amendment, situation: Situation) -> list[LineClaim]:
    """The times that are taken, all of which are free; one that overlaps what is given back is."""
    bucket = BUCKETS[order.state]
    slots = [find_slot(wish.slot, order.event_id, situation) for wish in change.acquires]
    for slot in slots:
        require_free(slot, order.id, situation)
        if not situation.pools[slot.pool_id].can_use(1):
            raise SlotTaken
    for slot in slots:
        situation.pools[slot.pool_id].move(1, Bucket.RELEASED, bucket)
    take(slots, order.id, bucket, situation)
    wishes = zip(change.acquires, slots, strict=True)
    return [LineClaim(wish.line_id, slot.pool_id, 1, slot) for wish, slot in wishes]


def _wanted(change: Amendment) -> Counter[UUID]:
    wanted: Counter[UUID] = Counter()
    for release in change.releases:
        wanted[release.pool_id] += release.quantity
    return wanted


def _buys_nothing(move: Move, order: OrderFacts, situation: Situation) -> bool:
    """Whether money came too late: what it paid for ended and is not left, or the time that it paid for is over.

    Whoever takes cash for a time that is over sees that it is, and says nothing of what would be due back.
    """
    if move.event is OrderEvent.PAY_LATE:
        return not _has_places(order, situation)
    return move.event is OrderEvent.PAY and bool(move.if_refund_due) and _is_past(order, situation)


def _has_places(order: OrderFacts, situation: Situation) -> bool:
    terms = situation.terms.get(order.event_id)
    if terms is None or terms.status == EventStatus.CANCELLED or situation.now >= terms.ends_at:
        return False
    slots = _slots_of(order, situation)
    if _is_past(order, situation) or not all(is_free(slot, order.id, situation) for slot in slots):
        return False
    return all(
        situation.pools[pool].can_use(quantity) for pool, quantity in situation.claims.get(order.id, [])
    )


def _is_past(order: OrderFacts, situation: Situation) -> bool:
    """Whether the time that was booked is over; places never are."""
    return any(slot.ends_at <= situation.now for slot in _slots_of(order, situation))


def _slots_of(order: OrderFacts, situation: Situation) -> list[SlotTerms]:
    claimed = situation.claims.get(order.id, [])
    return [situation.slots[pool_id] for pool_id, _ in claimed if pool_id in situation.slots]


def _refusal_of(event: OrderEvent, state: OrderState) -> PesanError:
    if event is OrderEvent.SUBMIT_PROOF and state is OrderState.EXPIRED:
        return HoldExpired(extra={"state": state.value})
    decided = event in {OrderEvent.APPROVE, OrderEvent.REJECT}
    error = AlreadyDecided if decided else WrongState
    return error(state=state.value, extra={"state": state.value})


# What gives somebody a place at an event, and so must not happen once it is cancelled.
_BUYS = frozenset(
    {
        OrderEvent.SUBMIT_PROOF,
        OrderEvent.PAY,
        OrderEvent.APPROVE,
        OrderEvent.SUBMIT_BALANCE_PROOF,
        OrderEvent.SETTLE_BALANCE,
        OrderEvent.REPRICE,
    }
)
_AMENDS = frozenset({OrderEvent.AMEND, OrderEvent.RESCHEDULE})
_BY_GUESTS = frozenset(
    {
        OrderEvent.SUBMIT_PROOF,
        OrderEvent.CANCEL,
        OrderEvent.RESCHEDULE,
        OrderEvent.SUBMIT_BALANCE_PROOF,
        OrderEvent.REPRICE,
    }
)
# What a buyer says for themselves, and nobody who works for the merchant says for them.
_BY_GUESTS_ALONE = frozenset({OrderEvent.REPRICE})
_WITH_REASON = frozenset({OrderEvent.REJECT, OrderEvent.REFUND, OrderEvent.REFUSE_BALANCE_PROOF})


def _require_rights(move: Move, order: OrderFacts) -> None:
    """The combiner's role sees every row, so who may do what is decided here, for each move."""
    actor = move.actor
    if actor.works_for(order.merchant_id, order.event_id):
        if move.event in _BY_GUESTS_ALONE:
            raise NotYourOrder
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
    if move.event is OrderEvent.APPROVE and _is_past(order, situation):
        raise SlotOver
    require_balance_guard(move, order)
    require_reprice_guard(move, order)
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
        decided_by=decider(move, order) or order.decided_by,
        balance_submitted_at=None,
    )
