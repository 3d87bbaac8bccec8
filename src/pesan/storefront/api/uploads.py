"""The one file of a multipart request, read once the caller is known to be allowed to send it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request
from starlette.datastructures import UploadFile

from pesan.errors import InvalidInput
from pesan.kit.i18n import Text
from pesan.storefront.errors import NotMultipart

FIELD = "file"
CHUNK = 64 * 1024
# Beside the file a form may bring a field or two; a hundred thousand of them would only cost time.
MAX_FIELDS = 8

_MISSING = Text(id="Pilih berkas buktinya.", en="Choose the file of the proof.")


@asynccontextmanager
async def one_file(request: Request) -> AsyncIterator[UploadFile]:
    """The upload in the field `file`, open while the block runs; raises NotMultipart, InvalidInput."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise NotMultipart
    async with request.form(max_files=1, max_fields=MAX_FIELDS) as form:
        file = form.get(FIELD)
        if not isinstance(file, UploadFile):
            raise InvalidInput(FIELD, _MISSING)
        yield file


async def chunks(file: UploadFile) -> AsyncIterator[bytes]:
    """An uploaded file in pieces."""
    while chunk := await file.read(CHUNK):
        yield chunk
