"""What a page's address chooses, however odd it is."""

from uuid import UUID

import pytest

from pesan.kit.ids import new_id
from pesan.storefront.choices import MAX_SEATS, Choice, parse_choice

# Always the same, so that every process names the tests below alike.
ONE, TWO = UUID(int=1), UUID(int=2)


def test_choice_survives_the_address():
    choice = Choice({ONE: 2}, (TWO,), "HEMAT 10&x=1", "kawan")

    assert parse_choice(choice.query) == choice


@pytest.mark.parametrize(
    ("query", "chosen"),
    [
        (f"q-{ONE}=1&more={ONE}", {ONE: 2}),
        (f"less={ONE}&q-{ONE}=1", {}),
        (f"less={ONE}", {}),
        (f"more={ONE}", {ONE: 1}),
        (f"q-{ONE}=0", {}),
        (f"q-{ONE}=-1", {}),
        (f"q-{ONE}=1e9", {}),
        (f"q-{ONE}=9999", {ONE: 1_000}),
        (f"q-{ONE}=99999", {}),
        (f"q-{ONE}=٣", {}),
        ("q-x=1&more=x&seat=x", {}),
    ],
)
def test_odd_numbers_choose_what_makes_sense(query, chosen):
    assert parse_choice(query) == Choice(chosen)


def test_choice_is_bounded():
    seats = "&".join(f"seat={new_id()}" for _ in range(MAX_SEATS + 20))

    assert len(parse_choice(seats).seat_ids) == MAX_SEATS
    assert parse_choice("&".join(["seat=x"] * 1_000)).is_empty
    assert parse_choice(f"seat={ONE}&seat={ONE}").seat_ids == (ONE,)
