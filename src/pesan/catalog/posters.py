"""A drawn cover for an event that has no picture: a batik motif in two colours, always the same for the same event."""

import hashlib
from dataclasses import dataclass

MOTIFS = ("kawung", "tumpal", "truntum", "parang")
# Ground, figure, and the disc that stands before them: old batik dyes (indigo, soga, mengkudu) and printers' inks.
PALETTES = (
    ("#1d2a5c", "#33458a", "#f2b84b"),
    ("#5b2a1c", "#7d4230", "#f0c9a0"),
    ("#123f3a", "#1f5f57", "#f3d9a4"),
    ("#5a1a3a", "#7d2f56", "#f59f7a"),
    ("#7a2413", "#9c3d28", "#f7d36b"),
    ("#2b2140", "#46386a", "#8fd6c1"),
    ("#0f3a57", "#20557a", "#ff9d76"),
)
# Where the disc stands, in a picture of 320 by 180.
PLACES = ((236, 66, 54), (84, 118, 62), (160, 96, 70), (258, 128, 74), (62, 54, 46))


@dataclass(frozen=True, slots=True)
class Poster:
    """What the template draws; `key` keeps pattern ids apart on one page."""

    key: str
    motif: str
    ground: str
    figure: str
    disc: str
    x: int
    y: int
    radius: int


def draw_poster(key: str) -> Poster:
    """The poster of the event with this short id."""
    first, second, third, *_ = hashlib.sha256(key.encode()).digest()
    ground, figure, disc = PALETTES[first % len(PALETTES)]
    x, y, radius = PLACES[third % len(PLACES)]
    return Poster(key, MOTIFS[second % len(MOTIFS)], ground, figure, disc, x, y, radius)
