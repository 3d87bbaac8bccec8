"""The type of a file by its first bytes; names and declared types are hearsay."""

from pesan.storage.errors import UploadIsHeic, UploadTypeRefused

_HEIC_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"mif1", b"msf1", b"heif"})


def sniff(head: bytes) -> str:
    """`JPEG`, `PNG`, `WEBP` or `PDF`; raises UploadTypeRefused for everything else."""
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    if head.startswith(b"%PDF-"):
        return "PDF"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        raise UploadIsHeic
    raise UploadTypeRefused
