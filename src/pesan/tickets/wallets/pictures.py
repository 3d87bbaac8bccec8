"""The pictures of a pass: the merchant's logo, or a ticket in its colour."""

import io

from PIL import Image, ImageDraw, UnidentifiedImageError

LOGO_SIZE = (160, 50)


def icon_png(logo: bytes | None, accent: str, size: int) -> bytes:
    """A square of `size` pixels; every pass must have one."""
    mark = _open(logo)
    icon = Image.new("RGB", (size, size), "white" if mark else accent)
    if mark is None:
        _draw_ticket(icon)
    else:
        _put_inside(icon, mark)
    return _png(icon)


def logo_png(logo: bytes | None, scale: int) -> bytes | None:
    """The logo in the box that wallets have for it; None where the merchant has none that can be read."""
    mark = _open(logo)
    if mark is None:
        return None
    mark.thumbnail((LOGO_SIZE[0] * scale, LOGO_SIZE[1] * scale))
    return _png(mark)


def _open(logo: bytes | None) -> Image.Image | None:
    """Pixels only; a picture that cannot be read must not keep a ticket from its owner."""
    if logo is None:
        return None
    try:
        with Image.open(io.BytesIO(logo)) as opened:
            return opened.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None


def _put_inside(icon: Image.Image, mark: Image.Image) -> None:
    inside = mark.copy()
    inside.thumbnail((icon.width * 9 // 10, icon.height * 9 // 10))
    place = (icon.width - inside.width) // 2, (icon.height - inside.height) // 2
    icon.paste(inside, place, inside)


def _draw_ticket(icon: Image.Image) -> None:
    draw, unit = ImageDraw.Draw(icon), icon.width / 12
    draw.rounded_rectangle((2 * unit, 3.5 * unit, 10 * unit, 8.5 * unit), unit, fill="white")
    for across in (2 * unit, 10 * unit):
        draw.ellipse((across - unit, 5 * unit, across + unit, 7 * unit), fill=icon.getpixel((0, 0)))


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
