"""A merchant's one accent colour, turned into colours that stay readable on paper and in the dark."""

import re

_HEX = re.compile(r"^#[0-9a-f]{6}$")
_PAPER = (255, 253, 248)
_PAPER_SUNKEN = (236, 229, 215)
_NIGHT = (21, 28, 43)
_NIGHT_SUNKEN = (30, 39, 56)
_INK = (27, 23, 18)
_WHITE = (255, 255, 255)
_BLACK = (0, 0, 0)
_AA_TEXT = 4.5
_STEPS = 40

Rgb = tuple[int, int, int]


def theme_css(accent: str) -> str:
    """The custom properties of a brand page; empty when `accent` is not `#rrggbb`.

    Text in the accent keeps 4.5:1 on every ground that we lay under it (WCAG 2.2, 1.4.3).
    """
    if not _HEX.match(accent.lower()):
        return ""
    colour = _parse(accent.lower())
    light = _readable(colour, on=_PAPER_SUNKEN, towards=_INK)
    dark = _readable(colour, on=_NIGHT_SUNKEN, towards=_WHITE)
    wash = _mix(colour, _PAPER, 0.88), _mix(colour, _NIGHT, 0.78)
    return (
        f":root{{--accent:{_hex(colour)};--on-accent:{_hex(on_accent(colour))};"
        f"--accent-ink:{_hex(light)};--accent-wash:{_hex(wash[0])}}}"
        f"@supports (color:light-dark(red,red)){{:root{{--accent-ink:light-dark({_hex(light)},{_hex(dark)});"
        f"--accent-wash:light-dark({_hex(wash[0])},{_hex(wash[1])})}}}}"
    )


def on_accent(colour: Rgb) -> Rgb:
    """White or black, whichever is read more easily on `colour`; one of them always has 4.5:1."""
    return max(_WHITE, _BLACK, key=lambda text: contrast(text, colour))


def contrast(first: Rgb, second: Rgb) -> float:
    """The WCAG contrast ratio of two colours, 1 to 21."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _readable(colour: Rgb, *, on: Rgb, towards: Rgb) -> Rgb:
    mixes = (_mix(colour, towards, step / _STEPS) for step in range(_STEPS + 1))
    return next((mix for mix in mixes if contrast(mix, on) >= _AA_TEXT), towards)


def _mix(colour: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def _luminance(colour: Rgb) -> float:
    red, green, blue = (_linear(channel / 255) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _parse(text: str) -> Rgb:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def _hex(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
