"""QRIS codes as pictures: error correction M and a quiet zone of four modules (protocols §4.3)."""

import io

import segno

QUIET_ZONE = 4


def to_svg(payload: str, title: str) -> str:
    """An inline SVG, black on white in every colour scheme, named `title` for screen readers."""
    return _make(payload).svg_inline(border=QUIET_ZONE, light="#fff", title=title, omitsize=True, unit=None)


def to_png(payload: str, scale: int = 10) -> bytes:
    """A PNG with `scale` pixels per module; ten print at over 3 cm."""
    picture = io.BytesIO()
    _make(payload).save(picture, kind="png", border=QUIET_ZONE, scale=scale, light="#fff")
    return picture.getvalue()


def _make(payload: str) -> segno.QRCode:
    return segno.make(payload, error="m", boost_error=False, micro=False)
