"""Flat shapes on a ground, drawn at twice their size and scaled down, so that edges are smooth."""

from collections.abc import Sequence
from math import cos, pi, radians, sin

from PIL import Image, ImageDraw

Point = tuple[float, float]
_SCALE = 2
_LEAF_STEPS = 24


class Canvas:
    """A picture in the making; every measure is in pixels of the finished one."""

    def __init__(self, width: int, height: int, ground: str) -> None:
        self.width = width
        self.height = height
        self._picture = Image.new("RGB", (width * _SCALE, height * _SCALE), ground)
        self._draw = ImageDraw.Draw(self._picture)

    def finish(self) -> Image.Image:
        """The picture at its own size."""
        return self._picture.resize((self.width, self.height), Image.Resampling.LANCZOS)

    def disc(self, centre: Point, radius: float, colour: str) -> None:
        """A filled circle."""
        self.oval(centre, radius, radius, colour)

    def oval(self, centre: Point, across: float, down: float, colour: str) -> None:
        """A filled ellipse of two radii."""
        x, y = centre
        self._draw.ellipse(self._scaled([(x - across, y - down), (x + across, y + down)]), fill=colour)

    def ring(self, centre: Point, radius: float, width: float, colour: str) -> None:
        """A circle's line, `width` inwards."""
        x, y = centre
        box = self._scaled([(x - radius, y - radius), (x + radius, y + radius)])
        self._draw.ellipse(box, outline=colour, width=round(width * _SCALE))

    def polygon(self, points: Sequence[Point], colour: str) -> None:
        """A filled shape."""
        self._draw.polygon(self._scaled(points), fill=colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        """A filled rectangle."""
        self._draw.rectangle(self._scaled([(left, top), (right, bottom)]), fill=colour)

    def line(self, points: Sequence[Point], width: float, colour: str) -> None:
        """A line through `points`."""
        self._draw.line(self._scaled(points), fill=colour, width=round(width * _SCALE), joint="curve")

    def leaf(self, centre: Point, length: float, width: float, angle: float, colour: str) -> None:
        """A pointed oval, the petal of a kawung; `angle` in degrees, 0 lies flat."""
        steps = [step / _LEAF_STEPS for step in range(_LEAF_STEPS + 1)]
        upper = [(-length + 2 * length * step, width * sin(pi * step)) for step in steps]
        shape = [*upper, *((x, -y) for x, y in reversed(upper))]
        self.polygon(_turn(shape, centre, angle), colour)

    def bean(self, centre: Point, length: float, width: float, angle: float, colour: str) -> None:
        """A filled ellipse that may lie askew; `angle` in degrees."""
        turns = [2 * pi * step / _LEAF_STEPS for step in range(_LEAF_STEPS)]
        self.polygon(_turn([(length * cos(t), width * sin(t)) for t in turns], centre, angle), colour)

    def wave(
        self, y: float, height: float, length: float, shift: float, *, width: float, colour: str
    ) -> None:
        """A sine from edge to edge."""
        points = [
            (x, y + height * sin(2 * pi * (x + shift) / length)) for x in range(-20, self.width + 21, 4)
        ]
        self.line(points, width, colour)

    def hills(self, y: float, height: float, length: float, shift: float, colour: str) -> None:
        """A sine from edge to edge, filled to the bottom."""
        ridge = [(x, y + height * sin(2 * pi * (x + shift) / length)) for x in range(-20, self.width + 21, 4)]
        self.polygon([*ridge, (self.width + 20, self.height + 20), (-20, self.height + 20)], colour)

    def _scaled(self, points: Sequence[Point]) -> list[Point]:
        return [(x * _SCALE, y * _SCALE) for x, y in points]


def ray(centre: Point, angle: float, distance: float) -> Point:
    """The point at `angle` degrees and `distance` from `centre`."""
    return centre[0] + distance * cos(radians(angle)), centre[1] + distance * sin(radians(angle))


def _turn(shape: Sequence[Point], centre: Point, angle: float) -> list[Point]:
    across, down = cos(radians(angle)), sin(radians(angle))
    return [(centre[0] + x * across - y * down, centre[1] + x * down + y * across) for x, y in shape]
