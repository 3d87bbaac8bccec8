"""A proof that is sent on its page while the object store is away: taken, seen by the reviewer, and moved later."""

import re
from collections.abc import Iterator
from html import unescape

import httpx
import pytest
from sqlalchemy import text

from pesan.identity.states import MerchantRole
from pesan.settings import Settings
from pesan.storage import Storage
from pesan.storage.moving import move_kept
from tests.storage.files import encoded, picture
from tests.storefront.shop import Shop
from tests.support.bucket import Bucket, running_bucket
from tests.support.factories import SYSTEM

SLIP = encoded(picture(300, 500), "PNG")
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_PROOF = re.compile(r'"(/backoffice/proofs/[^"]+)"')


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with running_bucket() as bucket:
        yield bucket


@pytest.fixture
def settings(settings: Settings, bucket: Bucket) -> Settings:
    return settings.model_copy(update=bucket.settings)


async def kept(shop: Shop) -> list[str]:
    return [row.key for row in await shop.execute("SELECT key FROM kept_objects")]


async def send_on_page(shop: Shop, code: str) -> httpx.Response:
    page = f"/pay/{code}"
    token = _TOKEN.search((await shop.guest.get(page)).text)
    assert token
    files = {"file": ("bukti.png", SLIP, "image/png")}
    return await shop.guest.post(f"{page}/proof", data={"csrf_token": token[1]}, files=files)


async def open_proof(shop: Shop, reviewer: httpx.AsyncClient) -> bytes:
    """The picture behind the link of the reviewer's page."""
    review = await reviewer.get(f"/organizer/{shop.merchant.slug}/review")
    link = _PROOF.search(review.text)
    assert link, review.text
    return (await reviewer.get(unescape(link[1]))).raise_for_status().content


async def test_a_proof_that_comes_while_the_store_is_away_is_reviewed_and_moved(shop: Shop, bucket: Bucket):
    booking = await shop.held()
    await shop.choose(booking, shop.bank)
    user = await shop.make.user(shop.merchant, MerchantRole.ORGANIZER)
    reviewer = await shop.open_guest()
    reviewer.cookies.update(await shop.make.session_of(user))
    bucket.close()

    answer = await send_on_page(shop, booking["code"])

    (proof,) = await shop.execute("SELECT object_key FROM payment_proofs")
    shown = await open_proof(shop, reviewer)
    assert (answer.status_code, (await shop.order(booking)).state) == (303, "REVIEW")
    assert (await kept(shop), shown[:3]) == ([proof.object_key], b"\xff\xd8\xff")

    bucket.open()
    await shop.execute("UPDATE kept_objects SET next_at = clock_timestamp()")
    moved = await move_kept(shop.database, bucket.store())

    assert (moved, await kept(shop)) == (1, [])
    assert await bucket.store().get(proof.object_key) == shown == await open_proof(shop, reviewer)


async def test_with_no_room_to_keep_it_the_page_says_so_and_the_place_stays_held(shop: Shop, bucket: Bucket):
    booking = await shop.held()
    await shop.choose(booking, shop.bank)
    shop.registry[Storage]._most_bytes = 1
    bucket.close()

    answer = await send_on_page(shop, booking["code"])

    assert answer.status_code == 503
    assert "Berkas belum bisa disimpan atau dibuka sekarang" in answer.text
    assert (await kept(shop), (await shop.order(booking)).state) == ([], "HOLD")
    async with shop.database.read(SYSTEM) as session:
        assert await session.scalar(text("SELECT count(*) FROM payment_proofs")) == 0
