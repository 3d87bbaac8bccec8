"""Which files may be sent: their kinds and greatest sizes (protocols.md §6.7)."""

from collections.abc import Container

from pesan.app.whatsapp_fake.errors import GraphError
from pesan.app.whatsapp_fake.rules.reading import MISSING, WRONG, Part

MEDIA_ERROR = 131053
MEGABYTE = 1024 * 1024
MAX_CAPTION = 1024
MAX_FILENAME = 240
_CAPTIONED = {"image", "video", "document"}
KINDS: dict[str, tuple[int, tuple[str, ...]]] = {
    "image": (5 * MEGABYTE, ("image/jpeg", "image/png")),
    "audio": (16 * MEGABYTE, ("audio/",)),
    "video": (16 * MEGABYTE, ("video/mp4", "video/3gpp")),
    "sticker": (500 * 1024, ("image/webp",)),
    "document": (100 * MEGABYTE, ("application/", "text/plain")),
}


def check_file(mime: str, size: int) -> str:
    """Which kind of media a file is; refuses a type that is not known, and a file that is too large."""
    for kind, (most, types) in KINDS.items():
        if mime.startswith(types):
            if not 0 < size <= most:
                raise GraphError(MEDIA_ERROR, f"{kind} of {size} bytes; at most {most} are allowed")
            return kind
    raise GraphError(MEDIA_ERROR, f"{mime} is not a supported type")


def check_media(kind: str, part: Part, uploads: Container[str]) -> None:
    """An image, document, audio, video or sticker to send: uploaded before, or at an address."""
    known = ["id", "link", *(["caption"] if kind in _CAPTIONED else [])]
    part.only(*known, *(["filename"] if kind == "document" else []))
    if part.has("id") == part.has("link"):
        raise GraphError(MISSING if not part.has("id") else WRONG, f"{part.path} needs either id or link")
    if part.has("link"):
        part.link("link")
    elif part.text("id", 100) not in uploads:
        raise GraphError(WRONG, f"{part.path}['id'] is no media of this number")
    part.maybe_text("caption", MAX_CAPTION, least=0)
    part.maybe_text("filename", MAX_FILENAME)
