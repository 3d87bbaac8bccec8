"""Files: public pictures by their key, private ones by a signed link and nothing else."""

import time

import pytest

from pesan.kit.signing import Signer
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


@pytest.fixture
def links(shop: Shop) -> Links:
    return shop.registry[Links]


async def test_linked_file_is_an_attachment_that_nothing_keeps_or_runs(shop: Shop, proof, links):
    answer = await shop.guest.get(f"/files/{links.make(proof)}")

    assert (answer.status_code, answer.content) == (200, CONTENT)
    told = {
        name: answer.headers[name]
        for name in (
            "content-type",
            "content-disposition",
            "content-length",
            "cache-control",
            "x-content-type-options",
            "content-security-policy",
            "referrer-policy",
            "cross-origin-resource-policy",
        )
    }
    assert told == {
        "content-type": "image/jpeg",
        "content-disposition": "attachment; filename*=UTF-8''bukti%20%E2%80%9Csatu%E2%80%9D.jpg",
        "content-length": str(len(CONTENT)),
        "cache-control": "private, no-store",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "same-origin",
    }


async def test_type_that_is_not_ours_is_served_as_bytes(shop: Shop, proof, links):
    link = links.make(LinkedFile(proof.key, "text/html", "x.html"))

    assert (await shop.guest.get(f"/files/{link}")).headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize("alter", ["expired", "foreign", "other purpose", "cut", "swapped", "no link"])
async def test_link_that_does_not_hold_is_refused(shop: Shop, proof, links, settings, alter):
    good = links.make(proof)
    body, mac = good.split(".")
    token = {
        "expired": links.make(proof, seconds=1, now=time.time() - 2),
        "foreign": Links(b"another-secret-another-secret-123456").make(proof),
        "other purpose": Signer(settings.secret, "storage.other").sign("x", int(time.time()) + 60),
        "cut": good[:-4],
        "swapped": f"{body[:-6]}AAAAAA.{mac}",
        "no link": "x",
    }[alter]

    answer = await shop.guest.get(f"/files/{token}")

    assert problem(answer) == (403, "storage.link_refused")


async def test_link_to_an_object_that_is_gone_is_not_found(shop: Shop, proof, links):
    await shop.storage.delete(proof.key)

    assert problem(await shop.guest.get(f"/files/{links.make(proof)}")) == (404, "storage.missing")


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
