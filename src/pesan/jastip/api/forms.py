"""Bodies that are JSON, or a form with pictures beside the same fields."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Generic, TypeVar

import orjson
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile

from pesan.idempotency.service import Wanted
from pesan.storage import Kind
from pesan.storage.inspection import CleanFile, Inspector
from pesan.storage.uploads import MEGABYTE, receive
from pesan.web.context import context_of
from pesan.web.deps import get_registry
from pesan.web.idempotency import read_key
from pesan.web.json_bodies import read_json

T = TypeVar("T", bound=BaseModel)
_CHUNK = 64 * 1024
_MOST_FIELDS = 12
_NUMBERS = frozenset({"price", "stock"})
_FORM = b"multipart/form-data"
# jastipin.md §9; the document names none for a product's picture.
CAPS = {Kind.AVATAR: 2 * MEGABYTE, Kind.PROFILE_COVER: 5 * MEGABYTE, Kind.PRODUCT: 5 * MEGABYTE}


@dataclass(frozen=True, slots=True)
class Sent(Generic[T]):
    """What a request says: its fields, and the files that came beside them."""

    wish: T
    wanted: Wanted | None
    files: dict[str, UploadFile] = field(default_factory=dict)


@asynccontextmanager
async def read_sent(request: Request, schema: type[T], pictures: Collection[str]) -> AsyncIterator[Sent[T]]:
    """The body, with its files open while the block runs.

    Raises UnsupportedMedia, RequestValidationError, KeyInvalid.
    """
    kind = context_of(request).headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if kind != _FORM:
        yield Sent(await read_json(request, schema), await read_key(request))
        return
    async with request.form(max_files=len(pictures), max_fields=_MOST_FIELDS) as form:
        files = {name: value for name, value in form.items() if isinstance(value, UploadFile)}
        wish = _validated(schema, form, {name: file for name, file in files.items() if name in pictures})
        yield Sent(wish, await read_key(request, await _digest(form)), files)


async def inspect(request: Request, file: UploadFile, kind: Kind) -> CleanFile:
    """The harmless form of a picture, without whatever a camera wrote into it.

    Raises UploadTooLarge and the other kinds of UploadRefused, InspectionBusy.
    """
    await file.seek(0)
    async with receive(_chunks(file), filename=file.filename, cap=CAPS[kind]) as received:
        return await get_registry(request)[Inspector].inspect(received.path, kind)


def _validated(schema: type[T], form: FormData, files: dict[str, UploadFile]) -> T:
    fields = {name: _value(name, value) for name, value in form.multi_items() if name not in files}
    try:
        return schema.model_validate(fields)
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise RequestValidationError([{**item, "loc": ("body", *item["loc"])} for item in found]) from error


def _value(name: str, value: UploadFile | str) -> object:
    """A number in a form is text; a file where none belongs is nothing that a field takes."""
    if isinstance(value, UploadFile):
        return {}
    is_number = name in _NUMBERS and value.isascii() and value.isdigit() and len(value) < 16
    return int(value) if is_number else value


async def _digest(form: FormData) -> bytes:
    """What the fingerprint of a key covers: a form is written differently each time that it is sent."""
    parts: list[tuple[str, str]] = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            digest = sha256()
            async for chunk in _chunks(value):
                digest.update(chunk)
            parts.append((name, digest.hexdigest()))
        else:
            parts.append((name, value))
    return orjson.dumps(sorted(parts))


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(_CHUNK):
        yield chunk
