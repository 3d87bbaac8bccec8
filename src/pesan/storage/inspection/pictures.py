"""Pictures: judged by their header, decoded once, turned upright, written anew without anything but pixels."""

import io
import struct
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from pesan.storage.errors import UploadAnimated, UploadTooManyPixels, UploadUnreadable
from pesan.storage.inspection.files import MIMES, CleanFile, Preset, Rendition, Version

MAX_PIXELS = 65_000_000
# A JPEG is decoded at a fraction of its size; the others have to be decoded whole before they shrink.
MAX_PIXELS_WHOLE = 25_000_000
MAX_EDGE = 20_000
MIN_EDGE = 8
# WebP stays good to look at almost to the end of its scale; below that there is only a smaller picture.
_QUALITY_STEP = 8
_RESAMPLING = Image.Resampling.LANCZOS

Image.MAX_IMAGE_PIXELS = None  # our own limits are lower, and refuse instead of warning


def clean(path: Path, kind: str, preset: Preset) -> CleanFile:
    """The versions of `preset`, made from the picture at `path`.

    Raises UploadTooManyPixels, UploadAnimated, UploadUnreadable. Other errors of the decoder, MemoryError
    included, are for the caller to translate.
    """
    if kind == "WEBP":
        _check_size(kind, *_webp_canvas(path))  # Pillow allocates the canvas as it opens one
    with Image.open(path, formats=(kind,)) as picture:
        _check_size(kind, *picture.size)
        _refuse_motion(kind, picture)
        upright = _decode(picture, max(rendition.edge for rendition in preset.renditions))
    versions = tuple(_render(upright, rendition) for rendition in preset.renditions)
    return CleanFile(versions, phash=perceptual_hash(upright))


def perceptual_hash(picture: Image.Image) -> int | None:
    """64 bits that stay nearly the same when a picture is scaled or compressed again (dHash).

    Signed, as the database keeps it. None for a picture without gradients, which would resemble every other.
    """
    small = _flatten(picture).convert("L").resize((9, 8), Image.Resampling.LANCZOS)
    values = small.tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            bits = bits << 1 | (values[row * 9 + column] < values[row * 9 + column + 1])
    return (bits - (1 << 64) if bits >> 63 else bits) or None


def _check_size(kind: str, width: int, height: int) -> None:
    limit = MAX_PIXELS if kind == "JPEG" else MAX_PIXELS_WHOLE
    if width * height > limit or max(width, height) > MAX_EDGE:
        raise UploadTooManyPixels
    if min(width, height) < MIN_EDGE:
        raise UploadUnreadable


def _refuse_motion(kind: str, picture: Image.Image) -> None:
    # Phones put a depth or brightness map behind the photo of a JPEG; its first picture is the photo.
    if kind != "JPEG" and getattr(picture, "n_frames", 1) > 1:
        raise UploadAnimated


def _decode(picture: Image.Image, edge: int) -> Image.Image:
    picture.draft(None, (edge, edge))  # JPEG only: decode at the smallest scale that is large enough
    upright = ImageOps.exif_transpose(picture)
    has_alpha = upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info
    pixels = upright.convert("RGBA" if has_alpha else "RGB")
    pixels.info.clear()  # comments, profiles and coordinates would be written again
    return pixels


def _render(picture: Image.Image, rendition: Rendition) -> Version:
    pixels = picture.copy() if rendition.keeps_transparency else _flatten(picture)
    if rendition.crops:
        side = min(rendition.edge, *pixels.size)
        pixels = ImageOps.fit(pixels, (side, side), _RESAMPLING)
    else:
        pixels.thumbnail((rendition.edge, rendition.edge), _RESAMPLING)
    content, size = _encode(pixels, rendition)
    return Version(rendition.filename, MIMES[rendition.format], content, *size)


def _encode(pixels: Image.Image, rendition: Rendition) -> tuple[bytes, tuple[int, int]]:
    """The picture in the rendition's format, and the size that it came down to."""
    if rendition.format == "PNG":
        return _written(pixels, "PNG", optimize=True), pixels.size
    for quality in range(rendition.quality, 0, -_QUALITY_STEP):
        content = _written(pixels, rendition.format, quality=quality)
        if rendition.most_bytes is None or len(content) <= rendition.most_bytes:
            return content, pixels.size
    smaller = pixels.resize((max(1, pixels.width * 4 // 5), max(1, pixels.height * 4 // 5)), _RESAMPLING)
    return _encode(smaller, rendition)


def _written(pixels: Image.Image, kind: str, **options: Any) -> bytes:
    written = io.BytesIO()
    pixels.save(written, kind, **options)
    return written.getvalue()


def _flatten(picture: Image.Image) -> Image.Image:
    """On white paper, as a viewer shows a transparent screenshot."""
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(picture, mask=picture.getchannel("A"))
    return paper


def _webp_canvas(path: Path) -> tuple[int, int]:
    """Width and height from the header (WebP container specification)."""
    with path.open("rb") as file:
        head = file.read(30)
    try:
        return _CANVAS[head[12:16]](head)
    except (KeyError, struct.error) as error:
        raise UploadUnreadable from error


def _extended(head: bytes) -> tuple[int, int]:
    return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1


def _lossy(head: bytes) -> tuple[int, int]:
    width, height = struct.unpack("<HH", head[26:30])
    return width & 0x3FFF, height & 0x3FFF


def _lossless(head: bytes) -> tuple[int, int]:
    (bits,) = struct.unpack("<I", head[21:25])
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


_CANVAS = {b"VP8X": _extended, b"VP8 ": _lossy, b"VP8L": _lossless}
