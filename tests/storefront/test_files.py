"""Files: public pictures by their key, private ones not at all."""

import pytest

from pesan.storage.keys import Kind, new_folder
from pesan.storage.links import LinkedFile, Links
from tests.storage.files import encoded, picture
from tests.storefront.shop import Shop, problem

CONTENT = encoded(picture(60, 60), "JPEG")


@pytest.fixture
async def proof(shop: Shop) -> LinkedFile:
    """A stored proof."""
    key = f"{new_folder(Kind.PROOF)}/file.jpg"
    await shop.storage.put(key, CONTENT, "image/jpeg")
    return LinkedFile(key, "image/jpeg", "bukti “satu”.jpg")


async def test_proofs_link_opens_nothing_without_somebody_of_the_staff(shop: Shop, proof):
    link = shop.registry[Links].make(proof)

    by_desk = await shop.guest.get(f"/backoffice/proofs/{link}")
    by_link = await shop.guest.get(f"/files/{link}")

    assert (by_desk.status_code, by_link.status_code) == (401, 404)
    assert CONTENT not in (by_desk.content, by_link.content)


async def test_proof_cannot_be_had_by_its_key(shop: Shop, proof):
    assert problem(await shop.guest.get(f"/media/{proof.key}")) == (404, "storage.missing")


@pytest.mark.parametrize(
    "path",
    [
        "/media/proof/../cover/x.jpg",
        "/media/..%2f..%2fetc%2fpasswd",
        "/media/cover/2026/11/x/large.webp",
        "/media/",
    ],
)
async def test_key_that_we_did_not_make_is_not_found(shop: Shop, path):
    assert (await shop.guest.get(path)).status_code == 404


async def test_cover_is_public_and_cached_for_good(shop: Shop):
    key = f"{new_folder(Kind.COVER)}/small.webp"
    await shop.storage.put(key, b"RIFF", "image/webp")

    answer = await shop.guest.get(f"/media/{key}")

    assert (answer.status_code, answer.content) == (200, b"RIFF")
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
