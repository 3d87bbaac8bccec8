"""Pictures of what can be ordered on the demo's trip, drawn: 900 pixels square, each on a quiet ground."""

from collections.abc import Callable, Mapping

from PIL import Image

from pesan.app.demo.canvas import Canvas

_SIZE = 900
_SHADE = "#d8cfc0"


def wafers() -> Image.Image:
    """A green box of wafers, and two fingers of one before it."""
    canvas = _table("#eef3e2")
    canvas.box(190, 210, 710, 600, "#4f7f3a")
    canvas.box(190, 210, 710, 262, "#3c6a2b")
    canvas.oval((450, 430), 200, 112, "#fdfbf2")
    canvas.oval((450, 430), 172, 90, "#a7c957")
    for angle in (-35, 0, 35):
        canvas.leaf((450 + angle * 2, 430), 74, 18, angle - 90, "#4f7f3a")
    for top in (640, 706):
        canvas.box(250, top, 650, top + 48, "#8fb04e")
        canvas.box(250, top, 650, top + 12, "#b5d06f")
    return canvas.finish()


def bananas() -> Image.Image:
    """Two little cakes like bananas, a ribbon on each."""
    canvas = _table("#fdf3d3")
    for x, y in ((400, 390), (510, 560)):
        canvas.bean((x, y + 14), 250, 96, -14, "#d9a520")
        canvas.bean((x, y), 250, 92, -14, "#f7d154")
        canvas.bean((x - 20, y - 30), 190, 26, -14, "#fbe9a0")
        canvas.leaf((x - 46, y + 4), 62, 30, 18, "#a3542d")
        canvas.leaf((x + 46, y - 18), 62, 30, -42, "#a3542d")
        canvas.disc((x, y - 6), 20, "#7a3d1f")
    return canvas.finish()


def lotion() -> Image.Image:
    """A white bottle with a blue label."""
    canvas = _table("#e3eff3")
    canvas.box(388, 150, 512, 250, "#f8fbfc")
    canvas.box(388, 226, 512, 250, "#cfdee5")
    canvas.box(320, 250, 580, 730, "#ffffff")
    canvas.box(546, 250, 580, 730, "#dbe7ec")
    canvas.box(320, 390, 580, 620, "#2f6f9f")
    for y, right in ((440, 530), (484, 500), (528, 450)):
        canvas.box(360, y, right, y + 18, "#e8f4fb")
    return canvas.finish()


def shoe() -> Image.Image:
    """A yellow running shoe with dark stripes, from the side."""
    canvas = _table("#ece9e4")
    body = [(170, 400), (330, 330), (470, 470), (650, 530), (745, 590), (745, 650), (170, 650)]
    canvas.polygon(body, "#f2c230")
    canvas.polygon([(170, 400), (250, 366), (262, 650), (170, 650)], "#1d1d1f")
    for shift in (0, 70):
        canvas.line([(330 + shift, 640), (440 + shift, 470), (520 + shift, 640)], 22, "#1d1d1f")
    canvas.line([(352, 360), (470, 474), (640, 532)], 18, "#ffffff")
    canvas.box(160, 640, 760, 690, "#fbf7ee")
    canvas.box(160, 676, 760, 690, "#b98a4a")
    return canvas.finish()


PICTURES: Mapping[str, Callable[[], Image.Image]] = {
    "kitkat": wafers,
    "banana": bananas,
    "hadalabo": lotion,
    "tiger66": shoe,
}
"""By the code of what is ordered."""


def _table(ground: str) -> Canvas:
    canvas = Canvas(_SIZE, _SIZE, ground)
    canvas.oval((450, 742), 330, 34, _SHADE)
    return canvas
