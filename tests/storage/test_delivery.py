"""What leaves is inert: our type, never sniffed, never run."""

import pytest

from pesan.storage import keys
from pesan.storage.delivery import Delivery, deliver_private, deliver_public
from pesan.storage.errors import LinkRefused, ObjectMissing
from pesan.storage.links import LinkedFile, Links
from pesan.storage.objects import ObjectStorage, open_storage

LINKS = Links(b"rahasia-contoh-untuk-uji-saja-32")
PROOF = "proof/2026/11/0123456789abcdef0123456789abcdef/file.pdf"
COVER = "cover/2026/11/0123456789abcdef0123456789abcdef/large.webp"


@pytest.fixture
async def storage() -> ObjectStorage:
    store = open_storage("memory:")
    await store.put(PROOF, b"%PDF-1.7 <script>", "application/pdf")
    await store.put(COVER, b"RIFF", "image/webp")
    return store


async def body(delivery: Delivery) -> bytes:
    return b"".join([chunk async for chunk in delivery.body])


async def test_proof_leaves_as_an_inert_attachment(storage: ObjectStorage) -> None:
    token = LINKS.make(LinkedFile(PROOF, "application/pdf", "bukti é.pdf"))

    delivery = await deliver_private(storage, LINKS, token)

    assert await body(delivery) == b"%PDF-1.7 <script>"
    assert dict(delivery.headers) == {
        "Content-Type": "application/pdf",
        "Content-Disposition": "attachment; filename*=UTF-8''bukti%20%C3%A9.pdf",
        "Content-Length": "17",
        "Cache-Control": "private, no-store",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Referrer-Policy": "no-referrer",
    }


async def test_type_that_we_do_not_serve_becomes_plain_bytes(storage: ObjectStorage) -> None:
    token = LINKS.make(LinkedFile(PROOF, "text/html", "a\r\nSet-Cookie: x.html"))

    delivery = await deliver_private(storage, LINKS, token)

    assert delivery.headers["Content-Type"] == "application/octet-stream"
    assert (
        delivery.headers["Content-Disposition"]
        == "attachment; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x.html"
    )


async def test_proof_without_a_link_is_not_delivered(storage: ObjectStorage) -> None:
    with pytest.raises(LinkRefused):
        await deliver_private(storage, LINKS, PROOF)
    with pytest.raises(ObjectMissing):
        await deliver_public(storage, PROOF)


async def test_cover_is_public_and_lasts(storage: ObjectStorage) -> None:
    delivery = await deliver_public(storage, COVER)

    assert await body(delivery) == b"RIFF"
    assert delivery.headers["Content-Type"] == "image/webp"
    assert delivery.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "key", ["", "cover", "cover/../proof/x.jpg", COVER + "/../x", "/etc/passwd", "rahasia/x"]
)
async def test_key_that_we_did_not_make_is_missing(storage: ObjectStorage, key: str) -> None:
    with pytest.raises(ObjectMissing):
        await deliver_public(storage, key)


def test_new_folder_is_recognised_and_never_repeats() -> None:
    folders = {keys.new_folder(keys.Kind.LOGO) for _ in range(100)}

    assert len(folders) == 100
    assert {keys.kind_of(f"{folder}/logo.png") for folder in folders} == {keys.Kind.LOGO}
