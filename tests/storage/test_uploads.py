"""Uploads are counted as they arrive, and their names are worth nothing."""

from collections.abc import AsyncIterator
from hashlib import sha256

import pytest

from pesan.storage.errors import UploadEmpty, UploadNameRefused, UploadTooLarge
from pesan.storage.uploads import MAX_BYTES, MEGABYTE, check_name, receive


class Stream:
    """Chunks as a client sends them, and how many of them were asked for."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = chunks
        self.read = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            self.read += 1
            yield chunk


async def test_file_is_kept_while_the_block_runs() -> None:
    async with receive(aiter(Stream(b"ab", b"", b"c")), filename="bukti.jpg") as received:
        assert received.path.read_bytes() == b"abc"
        assert (received.size, received.sha256) == (3, sha256(b"abc").digest())

    assert not received.path.exists()


async def test_file_of_exactly_the_cap_is_taken() -> None:
    async with receive(aiter(Stream(bytes(MAX_BYTES)))) as received:
        assert received.size == MAX_BYTES


async def test_file_over_the_cap_is_refused_before_it_is_all_there() -> None:
    stream = Stream(*[bytes(MEGABYTE)] * 100)

    with pytest.raises(UploadTooLarge) as refusal:
        async with receive(aiter(stream)):
            pass

    assert (refusal.value.status, refusal.value.params) == (413, {"megabytes": 10})
    assert stream.read == 11


async def test_empty_file_is_refused() -> None:
    with pytest.raises(UploadEmpty):
        async with receive(aiter(Stream(b"", b""))):
            pass


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        "bukti.jpg",
        "BUKTI.JPEG",
        "blob",
        "WhatsApp Image 2026-11-21 at 10.20.30.jpeg",
        "WhatsApp Image 2026-11-21 at 10.20.30",
        "Tangkapan Layar (2).png",
        "bukti transfer 👨‍👩‍👧 é.webp",
        "IMG_0001.HEIC",
        ".jpg",
    ],
)
def test_ordinary_name_is_fine(name: str | None) -> None:
    check_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "bukti.php",
        "bukti.jpg.php",
        "bukti.php.jpg",
        "bukti.PhP5.png",
        "bukti.svg",
        "bukti.html",
        "bukti.exe",
        "bukti.jpg.exe ",
        "bukti.gif",
        "bukti.bin",
        "bukti.jpg\0.php",
        "bukti\0.jpg",
        "bukti\u202egpj.exe",
        "bukti\u202egnp.jpg",
        "../bukti.jpg",
        "C:\\bukti.jpg",
        "bukti\r\nSet-Cookie: x.jpg",
        "\ud800.jpg",
        "b" * 252 + ".jpg",
        "é" * 130 + ".jpg",
    ],
)
async def test_name_that_hides_something_is_refused_before_anything_is_read(name: str) -> None:
    stream = Stream(b"abc")

    with pytest.raises(UploadNameRefused):
        async with receive(aiter(stream), filename=name):
            pass

    assert stream.read == 0
