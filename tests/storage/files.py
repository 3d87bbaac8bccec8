"""Files as people and attackers send them, made on the spot."""

import io
import struct
import zlib
from typing import Any

import typst
from PIL import Image, ImageDraw


def picture(width: int = 1080, height: int = 1600, *, shade: int = 0, mode: str = "RGB") -> Image.Image:
    """Something like a transfer receipt: stripes of text on a gradient."""
    image = Image.linear_gradient("L").resize((width, height)).convert(mode)
    draw = ImageDraw.Draw(image)
    for row in range(0, height, max(height // 12, 1)):
        draw.rectangle(
            (width // 10, row, width // 10 + (row * 7 + shade * 131) % (width // 2), row + height // 30), 0
        )
    return image


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    written = io.BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def photo(orientation: int = 1, *, size: tuple[int, int] = (1200, 900), **options: Any) -> bytes:
    """A phone's JPEG, with where and by whom it was taken."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x013B] = "Budi Santoso"
    exif.get_ifd(0x8825)[1] = "S"
    exif.get_ifd(0x8825)[2] = (6.0, 8.0, 7.0)
    return encoded(picture(*size), "JPEG", exif=exif, comment=b"rahasia", quality=90, **options)


def png_header(width: int, height: int) -> bytes:
    """A small PNG that claims to be large; only its header and one row are there."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(bytes(9)))
        + _chunk(b"IEND")
    )


def png_with_profile_bomb() -> bytes:
    """A PNG whose colour profile is 200 MB of zeros."""
    original = encoded(picture(64, 64), "PNG")
    profile = _chunk(b"iCCP", b"profil\0\0" + zlib.compress(bytes(200_000_000), 9))
    return original[:33] + profile + original[33:]


def jpeg_with_exif_bomb() -> bytes:
    """A JPEG whose EXIF directory claims four thousand million entries and points everywhere."""
    entries = b"".join(struct.pack(">HHII", 0x9286, 2, 0xFFFFFFFF, 8) for _ in range(5_000))
    body = b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">H", 5_000) + entries
    original = encoded(picture(64, 64), "JPEG")
    return original[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + original[2:]


def webp_header(width: int, height: int) -> bytes:
    """A WebP that claims a large canvas, and has nothing to put on it."""
    extended = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", len(extended)) + extended
    return b"RIFF" + struct.pack("<I", len(body)) + body


def document(pages: int = 1) -> bytes:
    """A real PDF, whose objects are compressed as every modern program writes them."""
    source = "#pagebreak()\n".join(f"Bukti transfer halaman {number}\n" for number in range(1, pages + 1))
    return typst.compile(source.encode(), format="pdf")


def plain_pdf(extra: bytes = b"", *, stream: bytes | None = None, filters: bytes = b"/FlateDecode") -> bytes:
    """The smallest PDF with one page, with an `extra` object and an object stream hidden by compression."""
    body = b"%PDF-1.7\n1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj\n"
    body += b"2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj\n3 0 obj <</Type /Page /Parent 2 0 R>> endobj\n"
    if extra:
        body += b"4 0 obj <<" + extra + b">> endobj\n"
    if stream is not None:
        body += b"5 0 obj <</Type /ObjStm /N 1 /First 4 /Filter " + filters + b">> stream\n"
        body += stream + b"\nendstream endobj\n"
    return body + b"trailer <</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"


def _chunk(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
