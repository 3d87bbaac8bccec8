"""Baskets: several ticket types, seats and a promo code, all or nothing. Pure, without a database."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from pesan.capacity.errors import HoldPoolFull, PromoHeld, PromoUsedUp, SeatHeld, SeatTaken, SoldOut
from pesan.capacity.states import PoolCounts
from pesan.catalog.errors import PromoNotValid, SeatNotFound, TicketTypeNotFound
from pesan.catalog.terms import PromoTerms, SeatTerms, TypeTerms
from pesan.db import Actor
from pesan.errors import PesanError
from pesan.orders import Move, OrderState, Placement
from pesan.orders.decide import decide
from pesan.orders.errors import GuardianNeeded, QuantityNotAllowed, SaleClosed, SeatsNeeded, TicketTypeNeeded
from pesan.orders.moves import LineWish, PromoWish, SeatWish, TypeWish
from pesan.orders.pricing import Totals
from pesan.orders.situation import Granted, Situation
from tests.orders.test_decide import EVENT, NOW, POOL, TERMS, granted, refusal

REGULAR, VIP, SEAT, PROMO = (UUID(int=number) for number in range(101, 105))
POOL_OF = {thing: UUID(int=thing.int + 100) for thing in (REGULAR, VIP, SEAT, PROMO)}
ACCESS_CODE = "KELUARGA"


def offer(type_id: UUID, price: int, **change: Any) -> TypeTerms:
    known = TypeTerms(
        id=type_id,
        event_id=EVENT,
        pool_id=POOL_OF[type_id],
        name="Reguler",
        price_amount=price,
        max_per_order=4,
        sale_opens_at=None,
        sale_closes_at=None,
        is_hidden=False,
        access_code=None,
        is_seated=False,
        is_archived=False,
    )
    return replace(known, **change)


def sale(
    regular: dict[str, Any] | None = None, promo: dict[str, Any] | None = None, **change: Any
) -> Situation:
    """An event of 10 places: 6 regular ones at Rp 100.000 and one seated VIP at Rp 400.000; one promo use is left."""
    capacities = {POOL: 10, POOL_OF[REGULAR]: 6, POOL_OF[VIP]: 1, POOL_OF[SEAT]: 1, POOL_OF[PROMO]: 1}
    known = PromoTerms(PROMO, EVENT, None, POOL_OF[PROMO], "percent", 10, None, None, is_active=True)
    return Situation(
        now=NOW,
        orders={},
        claims={},
        pools={pool: PoolCounts(pool, size, Decimal(1), 1, 0, 0) for pool, size in capacities.items()},
        terms={EVENT: replace(TERMS, max_per_order=5, **change)},
        types={
            REGULAR: offer(REGULAR, 100_000, **(regular or {})),
            VIP: offer(VIP, 400_000, name="VIP", is_seated=True),
        },
        seats={SEAT: SeatTerms(SEAT, EVENT, VIP, POOL_OF[SEAT], is_blocked=False)},
        promos={PROMO: replace(known, **(promo or {}))},
        typed=frozenset({EVENT}),
    )


def some(quantity: int = 1, kind: UUID = REGULAR, code: str | None = None) -> LineWish:
    return LineWish(quantity, TypeWish(kind, POOL_OF[kind], code))


SEATED = LineWish(1, TypeWish(VIP, POOL_OF[VIP]), (SeatWish(SEAT, POOL_OF[SEAT]),))


def buy(before: Situation, *lines: LineWish, promo: bool = False) -> Granted | PesanError:
    wish = PromoWish(PROMO, POOL_OF[PROMO]) if promo else None
    return decide(Move.place(Placement(EVENT, "Sari Dewi", lines, wish), Actor.guest(ip_digest="ip")), before)


def held(situation: Situation) -> list[int]:
    pools = [POOL, *POOL_OF.values()]
    return [situation.pools[pool].held for pool in pools]


def test_a_basket_claims_the_event_each_type_each_seat_and_the_promo():
    before = sale()
    order = granted(buy(before, some(2), SEATED, promo=True))
    assert order.placed is not None
    assert order.placed.totals == Totals(600_000, 60_000)
    assert (order.order.total_amount, order.order.quantity) == (540_000, 3)
    assert held(before) == [3, 2, 1, 1, 1]
    assert dict(before.claims[order.order.id]) == {
        POOL: 3, POOL_OF[REGULAR]: 2, POOL_OF[VIP]: 1, POOL_OF[SEAT]: 1, POOL_OF[PROMO]: 1
    }  # fmt: skip


def test_an_event_for_minors_grants_nothing_without_a_guardian():
    before = sale(needs_guardian=True)
    wish = Placement(EVENT, "Sari Dewi", (some(1),))
    decisions = [
        decide(Move.place(replace(wish, has_guardian=known), Actor.guest()), before)
        for known in (False, True)
    ]

    assert (refusal(decisions[0]), granted(decisions[1]).order.quantity) == (GuardianNeeded, 1)
    assert held(before) == [1, 1, 0, 0, 0]


def test_claims_know_their_line():
    order = granted(buy(sale(), two := some(2), SEATED))
    assert order.placed is not None
    assert [(claim.line_id, claim.quantity) for claim in order.placed.claims] == [
        (two.id, 2), (two.id, 2), (SEATED.id, 1), (SEATED.id, 1), (SEATED.id, 1)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((LineWish(),), TicketTypeNeeded),
        ((LineWish(1, TypeWish(UUID(int=1), POOL_OF[REGULAR])),), TicketTypeNotFound),
        ((LineWish(1, TypeWish(REGULAR, POOL)),), TicketTypeNotFound),
        ((some(0),), QuantityNotAllowed),
        ((some(-1), some(3)), QuantityNotAllowed),
        ((some(5),), QuantityNotAllowed),
        ((some(3), some(2)), QuantityNotAllowed),
        ((some(1, VIP),), SeatsNeeded),
        ((replace(some(), seats=SEATED.seats),), SeatsNeeded),
        ((replace(SEATED, quantity=2, seats=SEATED.seats * 2),), SeatsNeeded),
        ((SEATED, replace(SEATED, id=UUID(int=9))), SeatsNeeded),
        ((replace(SEATED, seats=(SeatWish(UUID(int=1), POOL_OF[SEAT]),)),), SeatNotFound),
        ((replace(SEATED, seats=(SeatWish(SEAT, POOL_OF[REGULAR]),)),), SeatNotFound),
    ],
)
def test_a_basket_that_makes_no_sense_is_refused_whole(
    lines: tuple[LineWish, ...], expected: type[PesanError]
):
    before = sale()
    assert refusal(buy(before, *lines)) is expected
    assert held(before) == [0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"is_archived": True}, TicketTypeNotFound),
        ({"event_id": VIP}, TicketTypeNotFound),
        ({"is_hidden": True}, TicketTypeNotFound),
        ({"is_hidden": True, "access_code": "LAIN"}, TicketTypeNotFound),
        ({"sale_opens_at": NOW + timedelta(seconds=1)}, SaleClosed),
        ({"sale_closes_at": NOW}, SaleClosed),
    ],
)
def test_a_type_that_is_not_for_sale_to_this_buyer_is_refused(
    change: dict[str, Any], expected: type[PesanError]
):
    assert refusal(buy(sale(regular=change), some(code=ACCESS_CODE))) is expected


def test_an_access_code_opens_a_hidden_type_however_it_is_typed():
    hidden = {"is_hidden": True, "access_code": ACCESS_CODE}
    assert granted(buy(sale(regular=hidden), some(code=" keluarga "))).order.state is OrderState.HOLD


@pytest.mark.parametrize(
    ("pool", "counts", "expected"),
    [
        (POOL_OF[REGULAR], {"held": 6}, HoldPoolFull),
        (POOL_OF[REGULAR], {"used": 6}, SoldOut),
        (POOL_OF[SEAT], {"held": 1}, SeatHeld),
        (POOL_OF[SEAT], {"used": 1}, SeatTaken),
        (POOL_OF[PROMO], {"held": 1}, PromoHeld),
        (POOL_OF[PROMO], {"used": 1}, PromoUsedUp),
    ],
)
def test_one_full_pool_refuses_the_whole_basket(
    pool: UUID, counts: dict[str, int], expected: type[PesanError]
):
    before = sale()
    for name, count in counts.items():
        setattr(before.pools[pool], name, count)
    as_it_was = held(before)
    assert refusal(buy(before, some(), SEATED, promo=True)) is expected
    assert held(before) == as_it_was


def test_lines_of_one_type_share_its_places():
    before = sale(regular={"max_per_order": 10})
    before.pools[POOL_OF[REGULAR]].capacity = 3
    assert refusal(buy(before, some(2), some(2))) is SoldOut


def test_a_promo_that_does_not_apply_refuses_the_order():
    assert refusal(buy(sale(promo={"valid_until": NOW}), some(), promo=True)) is PromoNotValid


def test_a_promo_of_another_pool_is_not_valid():
    assert refusal(buy(sale(promo={"pool_id": POOL}), some(), promo=True)) is PromoNotValid


def test_an_order_that_a_promo_makes_free_is_paid_at_once():
    before = sale(promo={"value": 100})
    assert granted(buy(before, some(), promo=True)).order.state is OrderState.PAID
    assert before.pools[POOL_OF[PROMO]].used == 1
