"""The merchants' marks, drawn: 512 pixels square, on a ground of the merchant's own colour."""

from PIL import Image, ImageDraw

from pesan.app.demo.canvas import Canvas

_SIZE = 512


def cup() -> Image.Image:
    """A cup from above, its saucer, its handle."""
    canvas = _tile("#8a3b12")
    canvas.disc((256, 256), 178, "#f6e3c8")
    canvas.disc((256, 256), 150, "#8a3b12")
    canvas.disc((250, 256), 118, "#f6e3c8")
    canvas.disc((250, 256), 96, "#3b1a0a")
    canvas.polygon([(350, 234), (436, 234), (436, 278), (350, 278)], "#f6e3c8")
    canvas.leaf((250, 256), 92, 30, 35, "#d99a5b")
    return _rounded(canvas)


def window() -> Image.Image:
    """A window with the sun in one of its panes."""
    canvas = _tile("#0b5d66")
    for column in range(2):
        for row in range(2):
            x, y = 112 + column * 152, 112 + row * 152
            canvas.polygon([(x, y), (x + 136, y), (x + 136, y + 136), (x, y + 136)], "#f4efe1")
    canvas.disc((332, 180), 46, "#f08a3c")
    canvas.polygon([(112, 340), (248, 300), (248, 400), (112, 400)], "#7fb9b5")
    return _rounded(canvas)


def waves() -> Image.Image:
    """A drum's skin over the waves of a lake."""
    canvas = _tile("#5a2a83")
    canvas.disc((256, 206), 112, "#f7c948")
    canvas.disc((256, 206), 74, "#5a2a83")
    canvas.disc((256, 206), 42, "#f7c948")
    for number, y in enumerate((318, 362, 406)):
        canvas.wave(y, 14, 128, number * 40, width=16, colour="#f2e9fb")
    return _rounded(canvas)


def suitcase() -> Image.Image:
    """A suitcase with its handle and two straps."""
    canvas = _tile("#b4234f")
    canvas.polygon([(196, 110), (316, 110), (316, 190), (196, 190)], "#fbe4ea")
    canvas.polygon([(226, 138), (286, 138), (286, 190), (226, 190)], "#b4234f")
    canvas.polygon([(96, 180), (416, 180), (416, 400), (96, 400)], "#fbe4ea")
    for left in (154, 322):
        canvas.polygon([(left, 180), (left + 36, 180), (left + 36, 400), (left, 400)], "#f08aa4")
    return _rounded(canvas)


def _tile(colour: str) -> Canvas:
    return Canvas(_SIZE, _SIZE, colour)


def _rounded(canvas: Canvas) -> Image.Image:
    """With corners that let the page through."""
    picture = canvas.finish().convert("RGBA")
    mask = Image.new("L", (_SIZE * 2, _SIZE * 2), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, _SIZE * 2, _SIZE * 2), 220, fill=255)
    picture.putalpha(mask.resize((_SIZE, _SIZE), Image.Resampling.LANCZOS))
    return picture
