"""A sale's state by the organizer's decision and the clock, and with the places counted in."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pesan.catalog.service import slugify
from pesan.catalog.states import EventStatus, Places, SaleState, sale_state

NOW = datetime(2026, 12, 5, 12, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Sale:
    status: str = EventStatus.OPEN
    ends_at: datetime = NOW + timedelta(days=1)
    sale_opens_at: datetime | None = None
    sale_closes_at: datetime | None = None


@pytest.mark.parametrize(
    ("sale", "expected"),
    [
        (Sale(), SaleState.OPEN),
        (Sale(EventStatus.DRAFT), SaleState.CLOSED),
        (Sale(EventStatus.CLOSED), SaleState.CLOSED),
        (Sale(EventStatus.CANCELLED), SaleState.CANCELLED),
        (Sale(sale_opens_at=NOW), SaleState.OPEN),
        (Sale(sale_opens_at=NOW + TICK), SaleState.NOT_YET),
        (Sale(sale_closes_at=NOW + TICK), SaleState.OPEN),
        (Sale(sale_closes_at=NOW), SaleState.SALE_OVER),
        (Sale(ends_at=NOW + TICK), SaleState.OPEN),
        (Sale(ends_at=NOW), SaleState.ENDED),
        (Sale(EventStatus.CLOSED, ends_at=NOW), SaleState.ENDED),
        (Sale(EventStatus.CANCELLED, ends_at=NOW), SaleState.CANCELLED),
        (Sale(ends_at=NOW, sale_opens_at=NOW + TICK), SaleState.ENDED),
        (Sale(EventStatus.CLOSED, sale_opens_at=NOW + TICK), SaleState.CLOSED),
    ],
)
def test_sale_state_at_the_borders_of_its_periods(sale, expected) -> None:
    assert sale_state(sale, NOW) is expected


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (Places(10, 0, 0, 3), SaleState.OPEN),
        (Places(10, 0, 2, 3), SaleState.OPEN),
        (Places(10, 0, 3, 3), SaleState.QUEUE_FULL),
        (Places(10, 9, 1, 3), SaleState.QUEUE_FULL),
        (Places(10, 10, 0, 3), SaleState.SOLD_OUT),
    ],
)
def test_open_sale_says_whether_places_come_back(places, expected) -> None:
    assert places.sale_state(SaleState.OPEN) is expected


@pytest.mark.parametrize("by_clock", [state for state in SaleState if state is not SaleState.OPEN])
def test_sale_that_is_not_open_stays_so_whatever_is_left(by_clock) -> None:
    assert Places(10, 10, 0, 3).sale_state(by_clock) is by_clock


COUNT = st.integers(0, 1_000)


@given(COUNT, COUNT, COUNT, COUNT)
def test_places_are_never_negative_and_never_more_than_there_are(capacity, used, held, hold_limit) -> None:
    places = Places(capacity, used, held, hold_limit)

    assert 0 <= places.available <= max(0, capacity - used - held)
    assert places.available <= places.hold_pool_left
    assert 0 <= places.left <= capacity


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Malam Keroncong: Kota Tua!", "malam-keroncong-kota-tua"),
        ("Café Déjà Vu", "cafe-deja-vu"),
        ("音楽会", "acara"),
        ("---", "acara"),
        ("a" * 59 + " b c", "a" * 59),
    ],
)
def test_slug_is_the_readable_part_of_an_address(title, slug) -> None:
    assert slugify(title) == slug


@given(st.text())
def test_slug_is_always_fit_for_an_address(title) -> None:
    slug = slugify(title)

    assert 1 <= len(slug) <= 60
    assert slug.strip("-") == slug
    assert slug.isascii()
