"""Whether a new order is granted, and what it consists of: pure, after the locks."""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from pesan.audit import GENESIS
from pesan.capacity.errors import (
    HoldPoolFull,
    PromoHeld,
    PromoUsedUp,
    SeatHeld,
    SeatTaken,
    SlotHeld,
    SlotTaken,
    SoldOut,
)
from pesan.capacity.states import Bucket, PoolCounts
from pesan.catalog.errors import EventNotFound, PromoNotValid, SeatNotFound, TicketTypeNotFound
from pesan.catalog.queries import Terms
from pesan.catalog.states import SaleState, sale_state
from pesan.catalog.terms import PromoTerms, TypeTerms
from pesan.db import ActorKind
from pesan.errors import PesanError
from pesan.kit.times import isoformat
from pesan.orders.dues import balance_of
from pesan.orders.errors import (
    GuardianNeeded,
    QuantityNotAllowed,
    ReviewBacklog,
    SaleClosed,
    SeatsNeeded,
    SlotNeeded,
    TicketTypeNeeded,
    TooManyHolds,
)
from pesan.orders.moves import LineWish, Move, OrderFacts, Placement, PromoWish, TypeWish
from pesan.orders.pricing import PricedLine, Totals, compute_totals, require_valid
from pesan.orders.situation import Granted, LineClaim, Placed, Situation, moved_of
from pesan.orders.states import BUCKETS, PLACED, PLACED_FREE, SLOTTED, OrderState
from pesan.orders.times import find_slot, require_free, take


def place(move: Move, wish: Placement, situation: Situation) -> Granted:
    """Grant a new order and count its places; raises the refusal, and then nothing has changed."""
    terms = situation.terms.get(wish.event_id)
    if terms is None:
        raise EventNotFound
    _require_open_sale(terms, wish, situation)
    if terms.needs_guardian and not wish.has_guardian:
        raise GuardianNeeded
    keys = buyer_keys(move)
    _require_buyer_limits(keys, terms, situation)
    placed = _compose(wish, terms, situation)
    needs = _require_places(wish, placed.claims, terms, situation)
    slots = [claim.slot for claim in placed.claims if claim.slot]
    for slot in slots:
        require_free(slot, wish.order_id, situation)
    transition = PLACED if placed.totals.total else PLACED_FREE
    order = _new_order(wish, terms, transition.target, placed.totals, situation.now)
    # Nobody is asked to pay for a time that is over.
    order.hold_expires_at = min([order.hold_expires_at, *(slot.ends_at for slot in slots)])
    for pool_id, places in needs.items():
        situation.pools[pool_id].move(places, Bucket.RELEASED, BUCKETS[transition.target])
    take(slots, order.id, BUCKETS[transition.target], situation)
    situation.orders[order.id] = order
    situation.claims[order.id] = list(needs.items())
    for key in keys:
        situation.live[key] = situation.live.get(key, 0) + 1
    moved = moved_of(order, situation.now)._replace(totals=placed.totals)
    return Granted(move, order, transition, None, moved, move.companions, placed=placed)


def preview(wish: Placement, situation: Situation) -> Placed:
    """What `wish` would cost now, places aside; raises what `place` would refuse it for."""
    terms = situation.terms[wish.event_id]
    _require_open_sale(terms, wish, situation)
    return _compose(wish, terms, situation)


def buyer_keys(move: Move) -> list[tuple[UUID, str, str]]:
    """What one buyer can be recognised by, as (event, kind, value).

    Staff who book for people at the counter are not one buyer.
    """
    wish = move.placement
    if wish is None or move.actor.kind in {ActorKind.STAFF, ActorKind.SYSTEM}:
        return []
    known = (("wa", wish.wa), ("email", wish.email), ("ip", move.actor.ip_digest))
    return [(wish.event_id, kind, value) for kind, value in known if value]


def _require_open_sale(terms: Terms, wish: Placement, situation: Situation) -> None:
    state = sale_state(terms, situation.now)
    if state is not SaleState.OPEN:
        raise SaleClosed(extra={"reason": state.value})
    if not 1 <= wish.quantity <= terms.max_per_order:
        raise QuantityNotAllowed(limit=terms.max_per_order)
    if terms.review_cap is not None and situation.unreviewed.get(terms.event_id, 0) >= terms.review_cap:
        raise ReviewBacklog(retry_after=60)


def _require_buyer_limits(keys: Sequence[tuple[UUID, str, str]], terms: Terms, situation: Situation) -> None:
    for key in keys:
        limit = terms.max_holds_per_ip if key[1] == "ip" else terms.max_holds_per_contact
        if situation.live.get(key, 0) >= limit:
            raise TooManyHolds(limit=limit)


def _compose(wish: Placement, terms: Terms, situation: Situation) -> Placed:
    """Lines with their prices, the sums, and what each line takes of which pool."""
    lines = [_price(line, terms, situation) for line in wish.lines]
    _require_seats_once(wish)
    _require_type_limits(wish, situation)
    promo = _find_promo(wish.promo, situation)
    if promo is not None:
        require_valid(promo, terms.event_id, lines, situation.now)
    claims = [claim for line in wish.lines for claim in _claims_of(line, terms, situation)]
    if wish.promo and wish.promo.pool_id:
        claims.append(LineClaim(wish.lines[0].id, wish.promo.pool_id, 1))
    return Placed(lines, compute_totals(lines, terms, promo), claims)


def _price(line: LineWish, terms: Terms, situation: Situation) -> PricedLine:
    if line.quantity < 1:
        raise QuantityNotAllowed(limit=terms.max_per_order)
    if line.slot is not None or terms.fulfilment in SLOTTED:
        return _price_slot(line, terms)
    if line.type is None:
        if terms.event_id in situation.typed:
            raise TicketTypeNeeded
        if line.seats:
            raise SeatsNeeded
        return PricedLine(line.id, terms.title, line.quantity, terms.price_amount)
    offer = _find_type(line.type, terms, situation)
    _require_seats(line, offer, situation)
    return PricedLine(line.id, offer.name, line.quantity, offer.price_amount, offer.id)


def _price_slot(line: LineWish, terms: Terms) -> PricedLine:
    if line.slot is None or line.quantity != 1 or terms.fulfilment not in SLOTTED:
        raise SlotNeeded
    return PricedLine(line.id, terms.title, 1, terms.price_amount)


def _find_type(wish: TypeWish, terms: Terms, situation: Situation) -> TypeTerms:
    offer = situation.types.get(wish.type_id)
    if offer is None or (offer.event_id, offer.pool_id) != (terms.event_id, wish.pool_id):
        raise TicketTypeNotFound
    if offer.is_archived or (offer.is_hidden and not _opens(offer, wish.access_code)):
        raise TicketTypeNotFound
    if offer.sale_opens_at is not None and situation.now < offer.sale_opens_at:
        raise SaleClosed(extra={"reason": SaleState.NOT_YET.value})
    if offer.sale_closes_at is not None and offer.sale_closes_at <= situation.now:
        raise SaleClosed(extra={"reason": SaleState.SALE_OVER.value})
    return offer


def _opens(offer: TypeTerms, given: str | None) -> bool:
    """Whether the access code opens a hidden type; one without a code is sold by staff alone."""
    if not (offer.access_code and given):
        return False
    return hmac.compare_digest(offer.access_code.casefold().encode(), given.strip().casefold().encode())


def _require_seats(line: LineWish, offer: TypeTerms, situation: Situation) -> None:
    ids = {seat.seat_id for seat in line.seats}
    if len(ids) != len(line.seats) or len(ids) != (line.quantity if offer.is_seated else 0):
        raise SeatsNeeded
    for wish in line.seats:
        seat = situation.seats.get(wish.seat_id)
        if seat is None or (seat.ticket_type_id, seat.pool_id) != (offer.id, wish.pool_id):
            raise SeatNotFound
        if seat.is_blocked:
            raise SeatTaken


def _require_seats_once(wish: Placement) -> None:
    """One seat in two lines is the buyer's own mistake, and not a seat that somebody else has."""
    seats = [seat.seat_id for line in wish.lines for seat in line.seats]
    if len(set(seats)) != len(seats):
        raise SeatsNeeded


def _require_type_limits(wish: Placement, situation: Situation) -> None:
    """Several lines of one type count together."""
    wanted: dict[UUID, int] = {}
    for line in wish.lines:
        if line.type is not None:
            wanted[line.type.type_id] = wanted.get(line.type.type_id, 0) + line.quantity
    for type_id, quantity in wanted.items():
        limit = situation.types[type_id].max_per_order
        if quantity > limit:
            raise QuantityNotAllowed(limit=limit)


def _find_promo(wish: PromoWish | None, situation: Situation) -> PromoTerms | None:
    if wish is None:
        return None
    promo = situation.promos.get(wish.promo_id)
    if promo is None or promo.pool_id != wish.pool_id:
        raise PromoNotValid
    return promo


def _claims_of(line: LineWish, terms: Terms, situation: Situation) -> list[LineClaim]:
    if line.slot is not None:
        # An outlet never runs out of places as such, so its own pool is locked and not counted.
        slot = find_slot(line.slot, terms.event_id, situation)
        return [LineClaim(line.id, slot.pool_id, 1, slot)]
    claims = [LineClaim(line.id, terms.pool_id, line.quantity)]
    if line.type is not None:
        claims.append(LineClaim(line.id, line.type.pool_id, line.quantity))
    return claims + [LineClaim(line.id, seat.pool_id, 1) for seat in line.seats]


def _require_places(
    wish: Placement, claims: Sequence[LineClaim], terms: Terms, situation: Situation
) -> dict[UUID, int]:
    """The places needed of each pool, all of which are there."""
    needs: dict[UUID, int] = {}
    for claim in claims:
        needs[claim.pool_id] = needs.get(claim.pool_id, 0) + claim.quantity
    for pool_id, quantity in needs.items():
        pool = situation.pools[pool_id]
        if not pool.can_hold(quantity):
            raise _refusal_of(pool, quantity, wish, terms, situation)
    return needs


def _refusal_of(
    pool: PoolCounts, quantity: int, wish: Placement, terms: Terms, situation: Situation
) -> PesanError:
    """Why a pool has no room: sold out for good, or held by others for the time being, in the words of what it is."""
    gone: type[SoldOut] = SoldOut
    held: type[HoldPoolFull] = HoldPoolFull
    if any(seat.pool_id == pool.id for line in wish.lines for seat in line.seats):
        gone, held = SeatTaken, SeatHeld
    elif any(slot.pool_id == pool.id for slot in wish.slots):
        gone, held = SlotTaken, SlotHeld
    elif wish.promo and wish.promo.pool_id == pool.id:
        gone, held = PromoUsedUp, PromoHeld
    if pool.used + quantity > pool.capacity:
        return gone()
    ends_at = situation.next_hold_ends.get(terms.event_id)
    waits = max(1, int((ends_at - situation.now).total_seconds()) + 1) if ends_at else None
    extra = {"nextHoldEndsAt": isoformat(ends_at)} if ends_at else None
    return held(extra=extra, retry_after=waits)


def _new_order(wish: Placement, terms: Terms, state: OrderState, totals: Totals, now: datetime) -> OrderFacts:
    return OrderFacts(
        id=wish.order_id,
        merchant_id=terms.merchant_id,
        event_id=terms.event_id,
        code=wish.code,
        state=state,
        quantity=wish.quantity,
        total_amount=totals.total,
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
        balance_due_amount=balance_of(totals.total, terms.deposit_percent),
        subtotal_amount=totals.subtotal,
    )
