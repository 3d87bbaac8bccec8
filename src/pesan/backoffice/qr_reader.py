"""The text of a QR code in a picture that an organizer uploads."""

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Protocol

from PIL import Image

from pesan.errors import PesanError
from pesan.kit.i18n import Text
from pesan.storage.inspection import Inspector
from pesan.storage.keys import Kind
from pesan.storage.uploads import receive

_CHUNK = 64 * 1024


class QrUnreadable(PesanError):
    """No code could be found in the picture."""

    code = "backoffice.qr_unreadable"
    status = 422
    message = Text(
        id="Tidak ada kode QR yang terbaca di gambar ini. Potong gambarnya rapat ke kodenya, atau tempel teksnya.",
        en="No QR code could be read in this picture. Crop it closely to the code, or paste its text.",
    )


class Upload(Protocol):
    """A file of a form."""

    filename: str | None

    async def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        ...


async def read_qr(file: Upload, inspector: Inspector) -> str:
    """The text of the only code in an uploaded picture.

    The picture is decoded and written anew by the inspecting process first: the reader is given pixels that we made.
    Raises UploadRefused, QrUnreadable.
    """
    async with receive(_chunks(file), filename=file.filename) as received:
        clean = await inspector.inspect(received.path, Kind.PROOF)
    if not clean.main.mime.startswith("image/"):
        raise QrUnreadable
    return await asyncio.to_thread(_decode, clean.main.content)


def _decode(content: bytes) -> str:
    try:
        import zxingcpp
    except ImportError as error:  # An instance without the reader still takes the pasted text.
        raise QrUnreadable from error
    with Image.open(io.BytesIO(content)) as picture:
        codes = zxingcpp.read_barcodes(
            picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
        )
    if len(codes) != 1:
        raise QrUnreadable
    return codes[0].text


async def _chunks(file: Upload) -> AsyncIterator[bytes]:
    while chunk := await file.read(_CHUNK):
        yield chunk
