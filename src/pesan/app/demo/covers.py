"""The posters of the demo's events: flat shapes in few colours, the same at every run."""

from math import sin
from random import Random

from PIL import Image

from pesan.app.demo.canvas import Canvas, ray

WIDTH, HEIGHT = 1600, 900


def pour_over() -> Image.Image:
    """A dripper from above, water drawing a spiral in the grounds."""
    canvas = _canvas("#f1dfc3")
    canvas.box(0, 640, WIDTH, HEIGHT, "#c9552b")
    canvas.disc((980, 470), 380, "#fbf4e6")
    for rib in range(0, 360, 12):
        canvas.line([ray((980, 470), rib, 250), ray((980, 470), rib + 14, 376)], 5, "#e2cfae")
    canvas.disc((980, 470), 256, "#4a2413")
    canvas.disc((980, 470), 200, "#6b371d")
    spiral = [ray((980, 470), turn * 9, 8 + turn * 1.5) for turn in range(118)]
    canvas.line(spiral, 13, "#d99a5b")
    canvas.disc((330, 250), 120, "#e0a63a")
    canvas.line([(330, 250), (760, 420)], 9, "#e0a63a")
    return canvas.finish()


def latte_art() -> Image.Image:
    """A rosetta in a wide cup."""
    canvas = _canvas("#1f3d36")
    canvas.disc((800, 450), 400, "#f3ead9")
    canvas.disc((800, 450), 340, "#7a3f1d")
    for number in range(7):
        y, half = 690 - number * 76, 232 - number * 26
        canvas.leaf((800 - half * 0.45, y - 30), half * 0.62, 32 - number * 2, 24, "#f7ead2")
        canvas.leaf((800 + half * 0.45, y - 30), half * 0.62, 32 - number * 2, -24, "#f7ead2")
    canvas.leaf((800, 440), 330, 12, 90, "#7a3f1d")
    canvas.disc((800, 176), 36, "#f7ead2")
    canvas.box(0, 0, 130, HEIGHT, "#e58f3f")
    canvas.box(1470, 0, WIDTH, HEIGHT, "#e58f3f")
    return canvas.finish()


def cupping() -> Image.Image:
    """Bowls in rows, each with its own coffee."""
    canvas = _canvas("#f4c95d")
    coffees = ("#3a1c0f", "#5c2f17", "#7b4421", "#9a5c2d")
    for row in range(3):
        for column in range(6):
            x, y = 175 + column * 250, 150 + row * 300
            canvas.disc((x + 12, y + 16), 108, "#d7a838")
            canvas.disc((x, y), 108, "#fdf8ec")
            canvas.disc((x, y), 88, coffees[(row * 2 + column) % 4])
            if (row + column) % 3 == 0:
                canvas.leaf((x, y), 70, 12, 35 + column * 20, "#c9c3b4")
    return canvas.finish()


def roasting() -> Image.Image:
    """Beans from green to dark, as the minutes pass."""
    canvas = _canvas("#efe6d2")
    shades = ("#8c9a5b", "#a89a55", "#b98a45", "#9c5f2c", "#7a411f", "#4f2612", "#2d150b")
    random = Random(7)  # noqa: S311  a picture, not a secret
    for column in range(14):
        shade = shades[min(column // 2, 6)]
        for row in range(8):
            x, y = 60 + column * 114 + random.randint(-16, 16), 62 + row * 112 + random.randint(-14, 14)
            angle = random.randint(0, 179)
            canvas.bean((x, y), 50, 34, angle, shade)
            canvas.leaf((x, y), 46, 4, angle + 8, "#efe6d2")
    return canvas.finish()


def losari() -> Image.Image:
    """The sun behind two sails, coming down over the strait."""
    canvas = _canvas("#f6a04d")
    canvas.box(0, 0, WIDTH, 170, "#e4572e")
    canvas.box(0, 170, WIDTH, 330, "#ef7d3b")
    canvas.disc((1010, 560), 260, "#fde9a9")
    canvas.box(0, 560, WIDTH, HEIGHT, "#0d5c63")
    for number in range(7):
        half = 300 - number * 26
        y = 590 + number * 44
        canvas.box(1010 - half, y, 1010 + half, y + 13, "#f6b45d")
    canvas.polygon([(560, 610), (540, 180), (330, 610)], "#fff7e3")
    canvas.polygon([(590, 610), (580, 250), (770, 610)], "#f3d9b0")
    canvas.polygon([(270, 630), (850, 630), (760, 710), (350, 710)], "#2b1a12")
    return canvas.finish()


def window_light() -> Image.Image:
    """The light of a window on a wall, and a chair waiting in it."""
    canvas = _canvas("#243b4a")
    canvas.box(0, 700, WIDTH, HEIGHT, "#1a2b37")
    for column in range(3):
        for row in range(2):
            x, y = 560 + column * 240 + row * 70, 90 + row * 300
            canvas.polygon([(x, y), (x + 205, y), (x + 270, y + 270), (x + 65, y + 270)], "#f5d79a")
    canvas.box(980, 430, 1010, 720, "#8d3f2b")
    canvas.box(980, 590, 1220, 625, "#8d3f2b")
    canvas.box(1000, 625, 1022, 800, "#6e2f20")
    canvas.box(1186, 625, 1208, 800, "#6e2f20")
    canvas.disc((220, 260), 96, "#e07a5f")
    return canvas.finish()


def fort() -> Image.Image:
    """Gables and arches behind a wall."""
    canvas = _canvas("#8fc1b5")
    canvas.disc((1330, 210), 110, "#fff3d1")
    for number in range(5):
        x = 60 + number * 310
        canvas.polygon([(x, 420), (x + 130, 200), (x + 260, 420)], "#b5452f")
        canvas.box(x + 16, 420, x + 244, 700, "#f7efdd")
        for arch in range(2):
            left = x + 44 + arch * 100
            canvas.disc((left + 36, 540), 36, "#3d5a5c")
            canvas.box(left, 540, left + 72, 700, "#3d5a5c")
    canvas.box(0, 690, WIDTH, HEIGHT, "#5d4a3a")
    for stone in range(13):
        canvas.box(stone * 128 - (stone % 2) * 20, 730, stone * 128 + 100, 790, "#6f5a47")
        canvas.box(stone * 128 - 64, 810, stone * 128 + 40, 870, "#6f5a47")
    return canvas.finish()


def prints() -> Image.Image:
    """Sheets over each other, with the dots of a coarse screen."""
    canvas = _canvas("#f5efe0")
    sheets = ((180, 120, "#e63950"), (560, 210, "#2f6fd0"), (960, 90, "#f4b21b"))
    for x, y, colour in sheets:
        canvas.polygon([(x, y + 30), (x + 430, y), (x + 480, y + 600), (x + 50, y + 630)], colour)
        for row in range(9):
            for column in range(6):
                radius = 6 + 20 * abs(sin(0.5 * row + 0.35 * column))
                canvas.disc((x + 80 + column * 64 + row * 5, y + 80 + row * 60), radius, "#f5efe0")
    canvas.box(0, 840, WIDTH, HEIGHT, "#1d1d1f")
    return canvas.finish()


def lake_night() -> Image.Image:
    """A moon over hills and a lake, ringed like the hole of a guitar."""
    canvas = _canvas("#141b3c")
    for radius, colour in ((330, "#1d2752"), (262, "#28346b"), (196, "#35437f"), (132, "#f7e7b4")):
        canvas.disc((800, 330), radius, colour)
    canvas.hills(560, 54, 640, 60, "#22305f")
    canvas.hills(610, 38, 420, 200, "#0f1533")
    canvas.box(0, 660, WIDTH, HEIGHT, "#1b3a5c")
    for string in range(6):
        y = 690 + string * 34
        canvas.wave(y, 3 + string, 300 + 40 * string, string * 70, width=4, colour="#f0c75e")
    for star in range(36):
        canvas.disc(((star * 397) % WIDTH, (star * 173) % 420), 2 + star % 3, "#dfe5ff")
    return canvas.finish()


def tifa() -> Image.Image:
    """Three drums with carved bands."""
    canvas = _canvas("#d9582b")
    canvas.box(0, 720, WIDTH, HEIGHT, "#2a1a14")
    for number, x in enumerate((360, 800, 1240)):
        top = 190 - (number % 2) * 60
        canvas.polygon(
            [(x - 130, top), (x + 130, top), (x + 70, 480), (x + 150, 790), (x - 150, 790), (x - 70, 480)],
            "#3b2216",
        )
        canvas.oval((x, top), 130, 34, "#f4e3c5")
        for band, y in enumerate((300, 620)):
            for tooth in range(5):
                left = x - 100 + tooth * 40
                canvas.polygon([(left, y), (left + 40, y), (left + 20, y + 52)], ("#f7c948", "#f4e3c5")[band])
        canvas.polygon([(x - 72, 466), (x + 72, 466), (x + 72, 496), (x - 72, 496)], "#f7c948")
    return canvas.finish()


def big_stage() -> Image.Image:
    """Rays from a stage under a dark roof."""
    canvas = _canvas("#2a1240")
    for number in range(18):
        start, end = -180 + number * 10, -175 + number * 10
        colour = ("#ff6b4a", "#f7b733", "#8e44ad")[number % 3]
        canvas.polygon([(800, 720), ray((800, 720), start, 1300), ray((800, 720), end, 1300)], colour)
    canvas.disc((800, 720), 210, "#2a1240")
    canvas.disc((800, 720), 150, "#fff2d6")
    canvas.box(0, 720, WIDTH, HEIGHT, "#170a26")
    for head in range(27):
        canvas.disc((head * 62, 850 + (head * 37) % 40), 46, "#0c0516")
    return canvas.finish()


def festival() -> Image.Image:
    """Waves on waves, and flags above them."""
    canvas = _canvas("#fbe3b1")
    canvas.disc((1240, 250), 170, "#ef5b3c")
    for number in range(15):
        x = 40 + number * 108
        y = 90 + 36 * sin(number * 0.9)
        colour = ("#0f7c80", "#ef5b3c", "#f2a71b", "#7b2d8b")[number % 4]
        canvas.polygon([(x, y), (x + 84, y), (x + 42, y + 110)], colour)
    rope = [(x, 90 + 36 * sin((x - 82) / 108 * 0.9)) for x in range(0, WIDTH + 1, 20)]
    canvas.line(rope, 6, "#4b2a1a")
    waters = ("#7fc6bd", "#37a09b", "#0f7c80", "#0b5a66", "#083f4c")
    for number, colour in enumerate(waters):
        canvas.hills(470 + number * 92, 36, 380 - number * 20, number * 120, colour)
    canvas.polygon([(420, 560), (900, 560), (820, 620), (500, 620)], "#3a1d12")
    canvas.line([(660, 560), (660, 420)], 10, "#3a1d12")
    return canvas.finish()


def _canvas(ground: str) -> Canvas:
    return Canvas(WIDTH, HEIGHT, ground)
