"""Receipts of transfers, as a bank's app would show them; each says that it is an example."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from io import BytesIO
from random import Random

from PIL import Image, ImageDraw, ImageFont

from pesan.kit.money import format_rupiah
from pesan.kit.times import format_datetime

_WIDTH, _HEIGHT = 720, 1280
_TABLES = ((900, 1200), (810, 1440), (1200, 1050))
# Header, paper and ink of made-up apps.
_APPS = (
    ("#0b4ea2", "#ffffff", "#10233d"),
    ("#c8102e", "#fff8f5", "#31110f"),
    ("#00796b", "#f4fbf9", "#0d2b27"),
    ("#3b1f7a", "#1b1430", "#f1ecff"),
    ("#f08c00", "#fffaf0", "#3a2500"),
    ("#111827", "#f3f4f6", "#111827"),
)
_MARGIN = 60


@dataclass(frozen=True, slots=True)
class Receipt:
    """One transfer; `seed` decides which app and which phone showed it."""

    sender: str
    recipient: str
    account: str
    amount: int
    at: datetime
    zone: str
    seed: str


def draw_receipt(receipt: Receipt) -> bytes:
    """A JPEG as a phone would send it: a photograph of another screen."""
    random = Random(receipt.seed)  # noqa: S311  a picture, not a secret
    screen = _draw_screen(receipt, random)
    picture = _photograph(screen, random)
    written = BytesIO()
    picture.save(written, "JPEG", quality=88)
    return written.getvalue()


def _draw_screen(receipt: Receipt, random: Random) -> Image.Image:
    header, paper, ink = random.choice(_APPS)
    screen = Image.new("RGB", (_WIDTH, _HEIGHT), paper)
    draw = ImageDraw.Draw(screen)
    top = random.randint(200, 370)
    draw.rectangle((0, 0, _WIDTH, top), fill=header)
    draw.ellipse((_WIDTH / 2 - 60, top - 60, _WIDTH / 2 + 60, top + 60), fill="#1faa59")
    draw.line([(327, top), (353, top + 28), (397, top - 25)], fill="#ffffff", width=13, joint="curve")
    draw.text((_WIDTH / 2, top - 126), "Transfer Berhasil", "#ffffff", _font("Bold", 38), anchor="mm")
    amount = format_rupiah(receipt.amount)
    draw.text((_WIDTH / 2, top + 132), amount, ink, _font("Bold", 62), anchor="mm")
    _draw_rows(draw, _rows(receipt, random), top + 220, ink)
    _draw_notice(draw)
    return screen


def _rows(receipt: Receipt, random: Random) -> Sequence[tuple[str, str]]:
    return (
        ("Waktu", format_datetime(receipt.at, receipt.zone, "id")),
        ("Dari", receipt.sender.upper()),
        ("Ke", receipt.recipient),
        ("Rekening", receipt.account),
        ("No. referensi", "".join(str(random.randint(0, 9)) for _ in range(14))),
    )


def _draw_rows(draw: ImageDraw.ImageDraw, rows: Sequence[tuple[str, str]], top: int, ink: str) -> None:
    for number, (label, value) in enumerate(rows):
        y = top + number * 100
        draw.text((_MARGIN, y), label, ink, _font("Regular", 23))
        draw.text((_MARGIN, y + 30), value, ink, _font("SemiBold", 29))
        draw.line([(_MARGIN, y + 82), (_WIDTH - _MARGIN, y + 82)], fill="#b9b4c4", width=2)


def _draw_notice(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((0, _HEIGHT - 88, _WIDTH, _HEIGHT), fill="#ffd84d")
    notice = "CONTOH DEMO · bukan transaksi sungguhan"
    draw.text((_WIDTH / 2, _HEIGHT - 44), notice, "#3a2a00", _font("SemiBold", 27), anchor="mm")


def _photograph(screen: Image.Image, random: Random) -> Image.Image:
    """The screen on a table, a little askew, with light from one side: no two pictures resemble each other."""
    light, dark = random.sample(
        ("#d8c3a5", "#8a7058", "#3c4a57", "#23303b", "#b7c4c9", "#5b3a2e", "#e7e1d5"), 2
    )
    width, height = random.choice(_TABLES)
    table = Image.linear_gradient("L").rotate(random.choice((0, 90, 180, 270))).resize((width, height))
    ground = Image.composite(Image.new("RGB", table.size, light), Image.new("RGB", table.size, dark), table)
    scale = random.uniform(0.7, 0.86)
    small = screen.resize((round(_WIDTH * scale), round(_HEIGHT * scale)), Image.Resampling.LANCZOS)
    mask = Image.new("L", small.size, 255)
    angle = random.uniform(-9, 9)
    turned, edge = (part.rotate(angle, Image.Resampling.BICUBIC, expand=True) for part in (small, mask))
    left = random.randint(0, max(1, width - turned.width))
    top = random.randint(0, max(1, height - turned.height))
    ground.paste(turned, (left, top), edge)
    return ground


@cache
def _font(weight: str, size: int) -> ImageFont.FreeTypeFont:
    name = "ExtraBold" if weight == "Bold" else weight
    font = files("pesan.tickets.render").joinpath("fonts", f"PlusJakartaSans-{name}.ttf")
    return ImageFont.truetype(BytesIO(font.read_bytes()), size)
