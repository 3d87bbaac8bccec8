"""QR codes as SVG and PNG, and pictures made ready for a PDF."""

import base64
import io

import segno
from PIL import Image, UnidentifiedImageError

QUIET_ZONE = 4
PNG_SCALE = 12


def qr_svg(text: str, *, title: str | None = None) -> str:
    """An SVG that scales with its box: black on pure white, also on a dark page, with the quiet zone inside.

    It carries presentation attributes only, so a strict Content-Security-Policy lets it stand in a page.
    """
    code = segno.make_qr(text, error="l")
    return code.svg_inline(
        border=QUIET_ZONE,
        light="#fff",
        dark="#000",
        omitsize=True,
        title=title,
        svgclass="qr",
        lineclass=None,
    )


def qr_png(text: str, *, scale: int = PNG_SCALE) -> bytes:
    """A PNG of `scale` pixels a module: 540 px square for an Ed25519 ticket."""
    buffer = io.BytesIO()
    segno.make_qr(text, error="l").save(buffer, kind="png", scale=scale, border=QUIET_ZONE)
    return buffer.getvalue()


def inline_svg(picture: bytes | None, *, width: int, height: int, crop: bool) -> str | None:
    """A picture as an SVG of `width` by `height`, small enough to travel in a mail; None when it cannot be read.

    `crop` fills the box, otherwise the whole picture fits into it. Pixels are re-encoded, so nothing but them
    reaches the document.
    """
    if picture is None:
        return None
    try:
        with Image.open(io.BytesIO(picture)) as opened:
            data, mime = _re_encode(opened, width, height, crop=crop)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None
    fit = "xMidYMid slice" if crop else "xMinYMid meet"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f'<image width="{width}" height="{height}" preserveAspectRatio="{fit}"'
        f' href="data:{mime};base64,{base64.b64encode(data).decode()}"/></svg>'
    )


def _re_encode(picture: Image.Image, width: int, height: int, *, crop: bool) -> tuple[bytes, str]:
    buffer = io.BytesIO()
    if crop:
        scale = max(width / picture.width, height / picture.height)
        box = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture.convert("RGB").resize(box).save(buffer, "JPEG", quality=82)
        return buffer.getvalue(), "image/jpeg"
    small = picture.convert("RGBA")
    small.thumbnail((width, height))
    small.save(buffer, "PNG", optimize=True)
    return buffer.getvalue(), "image/png"
