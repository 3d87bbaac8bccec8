"""Everything that a group's decisions need, read after the locks."""

from collections.abc import Sequence
from uuid import UUID

from pesan.capacity.locks import lock_pools
from pesan.catalog.errors import EventNotFound
from pesan.catalog.queries import find_pool_ids
from pesan.catalog.terms import PromoTerms, SeatTerms, TypeTerms
from pesan.db import WriteSession
from pesan.db.pipeline import pipelined
from pesan.orders.locks import (
    LockedOrders,
    count_live,
    lock_orders,
    read_offers,
    read_sales,
    read_slots,
    read_taken,
)
from pesan.orders.moves import Move
from pesan.orders.placing import buyer_keys
from pesan.orders.situation import Situation
from pesan.orders.states import SLOTTED, OrderEvent


async def read_situation(session: WriteSession, moves: Sequence[Move]) -> Situation:
    """Take the locks in their order, then read what the moves are decided on, in later statements.

    **Locks** orders by id, then pools by id. Raises EventNotFound when the sale has no event.
    """
    wishes = [move.placement for move in moves if move.placement is not None]
    event_ids = sorted({move.sale_id for move in moves})
    locked = await lock_orders(session, [move.order_id for move in moves if move.placement is None])
    pool_ids = {pool_id for of_order in locked.claims.values() for pool_id, _ in of_order}
    for wish in wishes:
        pool_ids |= wish.pool_ids
    slot_pools = _slot_pools(moves, locked)
    # Whoever takes a time locks the outlet's own pool: so two who want times that overlap wait for each other.
    if wishes or slot_pools:
        pool_ids |= slot_pools | await find_pool_ids(session, event_ids)
    lines = [line for wish in wishes for line in wish.lines]
    async with pipelined(session) as pipe:
        pools = await lock_pools(pipe, pool_ids)
        found = await read_sales(pipe, event_ids)
        live = await count_live(pipe, sorted({key for move in moves for key in buyer_keys(move)}))
        types = await read_offers(pipe, TypeTerms, {line.type.type_id for line in lines if line.type})
        seats = await read_offers(pipe, SeatTerms, {seat.seat_id for line in lines for seat in line.seats})
        promos = await read_offers(pipe, PromoTerms, {wish.promo.promo_id for wish in wishes if wish.promo})
        slots = await read_slots(pipe, slot_pools)
        taken = await read_taken(pipe, slot_pools)
    sales = await found.get()
    if not sales:
        raise EventNotFound
    return Situation(
        now=sales[0].now,
        orders=locked.orders,
        claims=locked.claims,
        pools=await pools.get(),
        terms={sale.terms.event_id: sale.terms for sale in sales},
        live=await live.get(),
        unreviewed={sale.terms.event_id: sale.unreviewed for sale in sales},
        next_hold_ends={sale.terms.event_id: sale.next_hold_ends for sale in sales if sale.next_hold_ends},
        types=await types.get(),
        seats=await seats.get(),
        promos=await promos.get(),
        slots=await slots.get(),
        taken=await taken.get(),
        typed=frozenset(sale.terms.event_id for sale in sales if sale.has_types),
        announced=frozenset(sale.terms.event_id for sale in sales if sale.has_webhooks),
    )


# Whether these buy anything depends on the time that was booked.
_ASKS_FOR_THE_TIME = frozenset({OrderEvent.PAY, OrderEvent.PAY_LATE, OrderEvent.APPROVE})


def _slot_pools(moves: Sequence[Move], locked: LockedOrders) -> set[UUID]:
    """The pools of the times that are asked for, by new orders, other times for old ones, and money that comes late."""
    wished = {slot.pool_id for move in moves if move.placement for slot in move.placement.slots}
    taken = {taking.slot.pool_id for move in moves for taking in move.amendment.acquires}
    late = {move.order_id for move in moves if move.event in _ASKS_FOR_THE_TIME}
    again = {
        pool_id
        for order_id in late & locked.orders.keys()
        if locked.orders[order_id].fulfilment in SLOTTED
        for pool_id, _ in locked.claims.get(order_id, [])
    }
    return wished | taken | again
