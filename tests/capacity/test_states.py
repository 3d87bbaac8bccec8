"""The arithmetic of places."""

from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from pesan.capacity.states import Bucket, PoolCounts, hold_limit

POOL = UUID(int=1)


def pool(
    capacity: int, *, held: int = 0, used: int = 0, ratio: str = "0.30", max_per_order: int = 1
) -> PoolCounts:
    return PoolCounts(POOL, capacity, Decimal(ratio), max_per_order, held, used)


def test_hold_limit_is_the_share_of_the_capacity() -> None:
    assert hold_limit(10, Decimal("0.30"), 1) == 3
    assert hold_limit(99, Decimal("0.30"), 1) == 29


def test_hold_limit_lets_one_order_through_however_small_the_event() -> None:
    assert hold_limit(1, Decimal("0.30"), 1) == 1
    assert hold_limit(10, Decimal("0.30"), 8) == 8
    assert hold_limit(5, Decimal("0.30"), 8) == 5


def test_documents_formula_would_oversell_where_ours_refuses() -> None:
    """Capacity 10, used 9, one live hold: the documents' formula grants another (workflow-client §6)."""
    assert not pool(10, used=9, held=1).can_hold(1)


def test_available_is_never_negative_after_the_ratio_was_lowered() -> None:
    assert pool(10, held=5, ratio="0.10").available == 0


@given(
    capacity=st.integers(0, 50),
    ratio=st.decimals("0.001", "1", places=3),
    max_per_order=st.integers(1, 10),
    wishes=st.lists(st.tuples(st.sampled_from(["hold", "use", "release"]), st.integers(1, 10)), max_size=60),
)
def test_no_sequence_of_grants_oversells(
    capacity: int, ratio: Decimal, max_per_order: int, wishes: list[tuple[str, int]]
) -> None:
    counts = PoolCounts(POOL, capacity, ratio, max_per_order, 0, 0)
    for wish, quantity in wishes:
        if wish == "hold" and counts.can_hold(quantity):
            counts.move(quantity, Bucket.RELEASED, Bucket.HELD)
        elif wish == "use" and counts.held >= quantity:
            counts.move(quantity, Bucket.HELD, Bucket.USED)
        elif wish == "release" and counts.held >= quantity:
            counts.move(quantity, Bucket.HELD, Bucket.RELEASED)
        assert 0 <= counts.held <= counts.hold_limit
        assert counts.used >= 0
        assert counts.used + counts.held <= capacity
