"""Seats and promo codes in a race: each is a pool, so the guard of places is theirs too."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import pytest
from sqlalchemy import text

from pesan.capacity.errors import PromoHeld, SeatHeld
from pesan.catalog.models import Event, PromoCode, Seat, TicketType
from pesan.db import Actor, Database
from pesan.errors import PesanError
from pesan.orders.gate import transition_many
from pesan.orders.moves import LineWish, Move, Moved, Placement, PromoWish, SeatWish, TypeWish
from tests.support.database import offenders
from tests.support.factories import SYSTEM, Make

pytestmark = pytest.mark.every_postgres
RACERS = 20


async def place(database: Database, wish: Placement) -> Moved | PesanError:
    """One order in a transaction of its own, as one of many processes would."""
    async with database.sale() as session:
        (outcome,) = await transition_many(session, [Move.place(wish, Actor.guest())])
    assert isinstance(outcome, Moved | PesanError)
    return outcome


async def race(database: Database, wishes: Sequence[Placement]) -> Counter[type]:
    outcomes = await asyncio.gather(*(place(database, wish) for wish in wishes))
    return Counter(type(outcome) for outcome in outcomes)


def for_seat(event: Event, offer: TicketType, seat: Seat) -> Placement:
    seats = (SeatWish(seat.id, seat.pool_id),)
    return Placement(event.id, "Siti Rahma", (LineWish(1, TypeWish(offer.id, offer.pool_id), seats),))


def with_promo(event: Event, promo: PromoCode) -> Placement:
    return Placement(event.id, "Siti Rahma", promo=PromoWish(promo.id, promo.pool_id))


async def unguarded(database: Database, pool_id: UUID) -> bool:
    """The control: what a shop does that looks first and writes then, without a lock or a pool's constraint."""
    async with database.write(SYSTEM) as session:
        taken = await session.scalar(
            text("SELECT count(*) FROM orders WHERE promo_code_id = :id"), {"id": pool_id}
        )
        await asyncio.sleep(0.05)
        return not taken


async def test_one_seat_is_sold_once(make: Make, database: Database):
    event = await make.event(capacity=100)
    offer = await make.ticket_type(event, inventory=100, is_seated=True)
    (seat,) = await make.seats(offer)
    wishes = [for_seat(event, offer, seat) for _ in range(RACERS)]
    assert await race(database, wishes) == {Moved: 1, SeatHeld: RACERS - 1}
    assert await offenders(database) == []


async def test_a_promo_code_is_used_as_often_as_it_may_be(make: Make, database: Database):
    event = await make.event(capacity=100)
    promo = await make.promo(event, max_uses=3)
    wishes = [with_promo(event, promo) for _ in range(RACERS)]
    assert await race(database, wishes) == {Moved: 3, PromoHeld: RACERS - 3}
    assert await offenders(database) == []


async def test_whoever_looks_first_and_writes_then_uses_a_promo_too_often(make: Make, database: Database):
    """The control."""
    promo = await make.promo(await make.event(), max_uses=1)
    granted = await asyncio.gather(*(unguarded(database, promo.id) for _ in range(5)))
    assert granted == [True] * 5


async def test_seats_wanted_in_opposite_orders_do_not_deadlock(make: Make, database: Database):
    event = await make.event(capacity=100, max_per_order=10)
    offer = await make.ticket_type(event, inventory=100, is_seated=True)
    seats = [SeatWish(seat.id, seat.pool_id) for seat in await make.seats(offer, 4)]
    kind = TypeWish(offer.id, offer.pool_id)
    wishes = [
        Placement(event.id, "Siti Rahma", (LineWish(4, kind, tuple(seats if turn % 2 else seats[::-1])),))
        for turn in range(RACERS)
    ]
    assert await race(database, wishes) == {Moved: 1, SeatHeld: RACERS - 1}
