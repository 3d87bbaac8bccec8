"""Which line a posted one is: the bank's reference tells apart what reads the same, in files and from programs."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from pesan.payments.statements.posting import PostedLine, number_lines
from pesan.payments.statements.reading import Line

POSTED = PostedLine(date(2026, 11, 21), 150_123, "TRSF  SARI", "A")


def named(*references: str) -> list[PostedLine]:
    return [replace(POSTED, reference=reference) for reference in references]


def lines_of(number: int) -> dict[bytes, str | None]:
    """What a file of `number` equal lines left behind."""
    return {
        Line(POSTED.posted_on, 150_123, "TRSF SARI", each).fingerprint: None for each in range(1, number + 1)
    }


def told(posted: list[PostedLine], known: dict[bytes, str | None]) -> list[tuple[int, bool]]:
    return [(kept.line.number, kept.is_known) for kept in number_lines(posted, known)]


def test_lines_that_read_the_same_are_told_apart_by_reference():
    known: dict[bytes, str | None] = {}
    assert told(named("A", "B", "A"), known) == [(1, False), (2, False), (1, True)]
    assert told(named("B", "C"), known) == [(2, True), (3, False)]


def test_lines_of_a_file_are_taken_before_new_ones_are_made():
    assert told(named("A", "B", "C"), lines_of(2)) == [(1, True), (2, True), (3, False)]


def test_a_line_of_another_day_amount_or_text_is_another_line():
    others = [
        replace(POSTED, posted_on=date(2026, 11, 22)),
        replace(POSTED, amount=1),
        replace(POSTED, description="x"),
    ]
    assert told(others, lines_of(1)) == [(1, False)] * 3


@given(st.lists(st.sampled_from("ABCDE"), max_size=12), st.integers(0, 4))
def test_posting_again_in_any_order_makes_nothing_new(references: list[str], in_file: int):
    known = lines_of(in_file)
    first = number_lines(named(*references), known)
    assert len({kept.line.fingerprint for kept in first}) == len(set(references))
    assert all(kept.is_known for kept in number_lines(named(*reversed(references)), known))
