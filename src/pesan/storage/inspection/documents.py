"""PDF files: looked through, never rendered. What can act is refused; the bytes stay as they are."""

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from pesan.storage.errors import PdfActive, PdfLocked, PdfTooLong, UploadTooComplex, UploadUnreadable
from pesan.storage.inspection.files import PDF_MIME, CleanFile, Preset, Version

MAX_INFLATED = 64 * 1024 * 1024

_HEADER = re.compile(rb"%PDF-[12]\.\d\s")
_STREAM = re.compile(rb"stream\r?\n")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
# An action of each of these kinds needs its name somewhere in the file.
_ACTIVE = re.compile(
    rb"/(?:JavaScript|Launch|EmbeddedFiles?|RichMedia|SubmitForm|ImportData|GoToE|Rendition|Movie|XFA)(?![A-Za-z])"
)
_LOCKED = re.compile(rb"/Encrypt(?![A-Za-z])")
_OTHER_FILTERS = re.compile(rb"/(?:ASCIIHex|ASCII85|LZW|RunLength)Decode")
_ZLIB = b"\x78"


def clean(path: Path, preset: Preset) -> CleanFile:
    """The PDF at `path`, unchanged.

    Raises UploadUnreadable, PdfLocked, PdfActive, PdfTooLong, UploadTooComplex.
    """
    data = path.read_bytes()
    _check_frame(data)
    pages = 0
    for text in (_unescape(data), *_inflated(data)):
        if _LOCKED.search(text):
            raise PdfLocked
        if _ACTIVE.search(text):
            raise PdfActive
        pages += len(_PAGE.findall(text))
    if not pages:
        raise UploadUnreadable
    if pages > preset.max_pages:
        raise PdfTooLong(pages=preset.max_pages)
    return CleanFile((Version("file.pdf", PDF_MIME, data),), pages=pages)


def _check_frame(data: bytes) -> None:
    """Nothing before the header and nothing after the end, where another format could hide."""
    _, end, rest = data.rpartition(b"%%EOF")
    if not _HEADER.match(data) or not end or rest.strip(b"\r\n\t \0"):
        raise UploadUnreadable


def _unescape(data: bytes) -> bytes:
    """Names may be written with `#4A` for `J`; whoever hides something writes them so."""
    return _ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), data)


def _inflated(data: bytes) -> Iterator[bytes]:
    """The content of every compressed stream, where objects may be kept out of sight."""
    budget = MAX_INFLATED
    for dictionary, content in _streams(data):
        if b"/ObjStm" in dictionary and _OTHER_FILTERS.search(dictionary):
            raise UploadTooComplex
        if b"/FlateDecode" in dictionary or content[:1] == _ZLIB:
            inflated = _inflate(content, budget)
            budget -= len(inflated)
            yield _unescape(inflated)


def _streams(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each stream with what is written before it; every byte is looked at once."""
    done = 0
    while (match := _STREAM.search(data, done)) and (end := data.find(b"endstream", match.end())) >= 0:
        yield _unescape(data[done : match.start()]), data[match.end() : end]
        done = end + len(b"endstream")


def _inflate(content: bytes, budget: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(content, budget)
    except zlib.error:
        return b""  # a damaged picture or font is the viewer's problem
    if inflater.unconsumed_tail:
        raise UploadTooComplex
    return inflated
