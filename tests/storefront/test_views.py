"""What views work out by themselves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pesan.catalog.posters import draw_poster
from pesan.catalog.states import SaleState
from pesan.checkout.words import STATE_WORDS
from pesan.orders.states import OrderState
from pesan.storefront.views import BookingView, EventCard, ListFilters, PaymentPanel
from pesan.tenancy.brands import Brand

NOW = datetime(2026, 12, 5, 12, tzinfo=UTC)
CARD = EventCard(
    title="Malam Keroncong",
    slug="malam-keroncong",
    short_id="k3r0nc",
    brand=Brand("Ruang Temu", "ruang-temu", "#0f6b4f", "Asia/Jakarta"),
    zone="Asia/Jakarta",
    starts_at=NOW,
    ends_at=NOW + timedelta(hours=3),
    venue="Rumentang Siang",
    city="Bandung",
    price_amount=150_000,
    sale=SaleState.OPEN,
    left=42,
    capacity=120,
    path="/x/malam-keroncong-k3r0nc",
)
BOOKING = BookingView(
    code="7K3QX9M2ABCDE",
    state=OrderState.HOLD,
    word=STATE_WORDS[OrderState.HOLD],
    card=CARD,
    buyer_name="Asep",
    quantity=1,
    total_amount=150_000,
    now=NOW,
    url="https://pesan.example/b/7K3QX9M2ABCDE",
    path="/b/7K3QX9M2ABCDE",
    pay_path="/pay/7K3QX9M2ABCDE",
    hold_expires_at=NOW + timedelta(minutes=7, seconds=30),
    hold_minutes=15,
)


@pytest.mark.parametrize(
    ("amount", "code", "parts"),
    [
        (150_356, "356", ("Rp\u00a0150.", "356")),
        (151_356, "1356", ("Rp\u00a015", "1.356")),
        (150_007, "007", ("Rp\u00a0150.", "007")),
        (150_000, None, ("Rp\u00a0150.000", "")),
    ],
)
def test_amount_is_cut_before_the_unique_code(amount, code, parts):
    panel = PaymentPanel(BOOKING, [], amount=amount, unique_code=code)
    assert panel.amount_parts == parts


def test_countdown_starts_from_the_servers_clock():
    assert (BOOKING.clock_left, BOOKING.share_left) == ("07:30", 0.5)
    assert BOOKING.deadline_ms - BOOKING.now_ms == 450_000


def test_countdown_of_an_ended_hold_stays_at_zero():
    ended = replace(BOOKING, now=NOW + timedelta(hours=1))
    assert (ended.clock_left, ended.share_left) == ("00:00", 0.0)


@pytest.mark.parametrize(("left", "is_scarce"), [(0, False), (1, True), (12, True), (13, False)])
def test_places_are_scarce_at_a_tenth(left, is_scarce):
    assert replace(CARD, left=left).is_scarce is is_scarce


def test_filters_count_what_is_folded_away():
    assert ListFilters(q="keroncong").narrows == 0
    assert ListFilters(city="Bandung", available=True).narrows == 2
    assert ListFilters().is_empty


def test_poster_of_an_event_is_always_the_same():
    assert draw_poster("k3r0nc") == draw_poster("k3r0nc")
    assert len({(p.motif, p.ground) for p in map(draw_poster, map(str, range(50)))}) > 10
