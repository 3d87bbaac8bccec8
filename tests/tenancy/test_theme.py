"""A merchant's accent stays readable wherever it is used."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from pesan.tenancy.theme import contrast, on_accent, theme_css

COLOURS = st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
PAPER, SUNKEN = (255, 253, 248), (236, 229, 215)
NIGHT, NIGHT_SUNKEN = (21, 28, 43), (30, 39, 56)


def rgb(text: str) -> tuple[int, int, int]:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def inks(accent: tuple[int, int, int]) -> tuple[str, str]:
    css = theme_css("#{:02x}{:02x}{:02x}".format(*accent))
    match = re.search(r"--accent-ink:light-dark\((#\w{6}),(#\w{6})\)", css)
    assert match is not None
    return match[1], match[2]


@given(COLOURS)
@example((255, 255, 255))
@example((0, 0, 0))
def test_accent_as_text_keeps_four_and_a_half_to_one(accent):
    light, dark = map(rgb, inks(accent))
    assert min(contrast(light, PAPER), contrast(light, SUNKEN)) >= 4.5
    assert min(contrast(dark, NIGHT), contrast(dark, NIGHT_SUNKEN)) >= 4.5


@given(COLOURS)
def test_text_on_the_accent_keeps_four_and_a_half_to_one(accent):
    assert contrast(on_accent(accent), accent) >= 4.5


def test_colour_that_is_none_gives_no_css():
    assert theme_css("red;} body{display:none") == ""


def test_css_holds_nothing_but_checked_colours():
    assert re.fullmatch(r"[-:a-z0-9#;{}()@, ]+", theme_css("#0F6B4F")) is not None
