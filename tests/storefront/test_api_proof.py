"""`POST /api/bookings/{id}/proof`: what is taken, what is kept of it, what is refused and leaves no trace."""

import hashlib
import io

import pytest
from PIL import Image

from pesan.kit.times import isoformat
from pesan.orders.states import OrderState
from pesan.settings import Settings
from pesan.storage.errors import StorageUnavailable
from pesan.storage.keeping import KeepingStorage
from pesan.storage.objects import ObjectStorage
from tests.payments.gateway_steps import add_account, make_gateways
from tests.storage.files import document, encoded, photo, picture, plain_pdf, png_header
from tests.storefront.shop import Shop, new_key, problem

SMALL = encoded(picture(300, 500), "PNG")


@pytest.mark.parametrize(
    ("content", "filename", "kept"),
    [
        (photo(), "IMG_2026.11.21.jpeg", ("image/jpeg", "jpg")),
        (SMALL, "Screenshot 2026-11-21 at 10.20.30.png", ("image/jpeg", "jpg")),
        (encoded(picture(300, 500), "WEBP"), "bukti.webp", ("image/jpeg", "jpg")),
        (document(), "e-statement.pdf", ("application/pdf", "pdf")),
        (SMALL, "", ("image/jpeg", "jpg")),
    ],
    ids=["jpeg", "png", "webp", "pdf", "nameless"],
)
async def test_proof_is_kept_and_the_booking_waits_for_review(shop: Shop, content, filename, kept):
    booking = await shop.held()
    await shop.choose(booking, shop.bank)

    answer = await shop.prove(booking, content, filename or "blob", mime="application/octet-stream")

    order = await shop.order(booking)
    (row,) = await shop.execute("SELECT * FROM payment_proofs")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "id": booking["id"],
        "code": booking["code"],
        "state": "REVIEW",
        "holdExpiresAt": booking["holdExpiresAt"],
        "serverTime": isoformat(order.state_changed_at),
    }
    assert await shop.objects() == [row.object_key]
    assert (row.mime, row.object_key.rpartition(".")[2]) == kept
    assert row.sha256 == hashlib.sha256(content).digest()
    assert row.size == len(await shop.storage.get(row.object_key))
    assert row.payment_id == (await shop.execute("SELECT id FROM payments"))[0].id


async def test_stored_picture_has_no_exif_and_stands_upright(shop: Shop):
    booking = await shop.held()

    await shop.prove(booking, photo(orientation=6, size=(1200, 900)))

    (key,) = await shop.objects()
    stored = Image.open(io.BytesIO(await shop.storage.get(key)))
    assert stored.size == (900, 1200)
    assert dict(stored.getexif()) == {}
    assert "comment" not in stored.info


@pytest.mark.parametrize(
    ("content", "filename", "refusal"),
    [
        (b"", "bukti.jpg", (422, "upload.empty")),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "bukti.png", (415, "upload.type_refused")),
        (b"<html><script>1</script>", "bukti.jpg", (415, "upload.type_refused")),
        (b"GIF89a" + bytes(60), "bukti.jpg", (415, "upload.type_refused")),
        (b"MZ" + bytes(60), "bukti.pdf", (415, "upload.type_refused")),
        (b"\0\0\0\x18ftypheic" + bytes(60), "IMG_1.heic", (415, "upload.heic")),
        (SMALL, "bukti.php.jpg", (422, "upload.name_refused")),
        (SMALL, "bukti.jpg.exe", (422, "upload.name_refused")),
        (SMALL, "bukti.svg", (422, "upload.name_refused")),
        (SMALL, "bukti\u202egpj.exe", (422, "upload.name_refused")),
        (SMALL, "x" * 300 + ".jpg", (422, "upload.name_refused")),
        (photo()[:2_000], "bukti.jpg", (422, "upload.unreadable")),
        (png_header(20_000, 20_000), "bukti.png", (422, "upload.too_many_pixels")),
        (plain_pdf(b"/OpenAction <</S /JavaScript>>"), "bukti.pdf", (422, "upload.pdf_active")),
        (document(11), "bukti.pdf", (422, "upload.pdf_too_long")),
        (b"\xff\xd8\xff" + bytes(10 * 1024 * 1024), "bukti.jpg", (413, "upload.too_large")),
        (b"\xff\xd8\xff" + bytes(13 * 1024 * 1024), "bukti.jpg", (413, "http.body_too_large")),
    ],
)
async def test_file_that_is_refused_leaves_nothing(shop: Shop, content, filename, refusal):
    booking = await shop.held()
    before = await shop.facts()

    answer = await shop.prove(booking, content, filename)

    assert problem(answer) == refusal
    assert await shop.facts() == before


async def test_refusal_speaks_the_senders_language(shop: Shop):
    booking = await shop.held()
    told = {}
    for locale in ("id", "en"):
        client = await shop.open_guest(code=booking["code"], locale=locale)
        told[locale] = (await shop.prove(booking, b"<svg/>", client=client)).json()["detail"]

    assert told == {
        "id": "Hanya JPG, PNG, WebP, atau PDF yang bisa diterima. Tangkapan layar juga bisa.",
        "en": "Only JPG, PNG, WebP or PDF can be accepted. A screenshot works too.",
    }


@pytest.mark.parametrize(
    ("request_parts", "refusal"),
    [
        ({"json": {"file": "x"}}, (415, "http.unsupported_media_type")),
        ({"content": b"x"}, (415, "http.unsupported_media_type")),
        ({"files": {"berkas": ("a.jpg", SMALL)}}, (422, "invalid_input")),
        ({"data": {"file": "teks"}, "files": {"b": ("a.jpg", SMALL)}}, (422, "invalid_input")),
        ({"files": [("file", ("a.jpg", SMALL)), ("file", ("b.jpg", SMALL))]}, (400, "http.bad_request")),
        (
            {"files": {"file": ("a.jpg", SMALL)}, "data": {str(number): "x" for number in range(20)}},
            (400, "http.bad_request"),
        ),
        (
            {"content": b"--x\r\nfile", "headers": {"content-type": "multipart/form-data"}},
            (400, "http.bad_request"),
        ),
    ],
)
async def test_request_without_exactly_one_file_changes_nothing(shop: Shop, request_parts, refusal):
    booking = await shop.held()
    before = await shop.facts()

    answer = await shop.guest.post(f"/api/bookings/{booking['id']}/proof", **request_parts)

    assert problem(answer) == refusal
    assert await shop.facts() == before


async def test_hundred_thousand_parts_are_refused_at_once(shop: Shop):
    booking = await shop.held()
    part = b'--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n'

    answer = await shop.guest.post(
        f"/api/bookings/{booking['id']}/proof",
        content=part * 100_000 + b"--x--\r\n",
        headers={"content-type": "multipart/form-data; boundary=x"},
    )

    assert problem(answer) == (400, "http.bad_request")


async def test_hold_that_is_over_takes_no_proof(shop: Shop, expire):
    booking = await shop.held()
    await expire(booking)
    before = await shop.facts()

    answer = await shop.prove(booking, SMALL, "bukti.png")

    assert problem(answer) == (409, "orders.hold_expired")
    assert answer.json()["state"] == "EXPIRED"
    assert await shop.facts() == before


async def test_booking_that_is_paid_at_a_provider_takes_no_proof(shop: Shop, settings: Settings):
    gateways = make_gateways(shop.database, settings.secret)
    _, method = await add_account(shop.database, gateways, shop.merchant)
    booking = await shop.held()
    chosen = await shop.choose(booking, method)
    before = await shop.facts()

    answer = await shop.prove(booking, SMALL, "bukti.png")

    assert (chosen.status_code, problem(answer)) == (200, (409, "proof.not_expected"))
    assert await shop.facts() == before


@pytest.mark.parametrize("state", [OrderState.REVIEW, OrderState.REJECTED, OrderState.CANCELLED])
async def test_booking_that_is_no_hold_takes_no_proof(shop: Shop, state):
    order = await shop.make.order(shop.event, state=state)
    guest = await shop.open_guest(code=order.code)
    before = await shop.facts()

    answer = await shop.prove({"id": order.id}, SMALL, "bukti.png", client=guest)

    assert problem(answer) == (409, "orders.wrong_state")
    assert answer.json()["state"] == state.value
    assert await shop.facts() == before


async def test_full_review_queue_takes_no_proof_and_keeps_no_object(shop: Shop):
    event = await shop.make.event(shop.merchant, review_cap=1)
    booking = await shop.held(event=event)
    await shop.make.order(event)
    await shop.execute("UPDATE events SET review_cap = 1")
    other = await shop.held(await shop.open_guest(), event=event)
    await shop.prove(booking, SMALL, "bukti.png")
    before = await shop.facts()

    guest = await shop.open_guest(code=other["code"])
    answer = await shop.prove(other, photo(), client=guest)

    assert problem(answer) == (409, "sale.review_backlog")
    assert await shop.facts() == before


async def test_same_key_gets_the_same_bytes_without_a_second_object(shop: Shop):
    booking, key = await shop.held(), {"idempotency-key": new_key()}
    first = await shop.prove(booking, SMALL, "bukti.png", **key)
    before = await shop.facts()

    again = await shop.prove(booking, SMALL, "lagi.png", **key)

    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert await shop.facts() == before


async def test_same_key_with_another_file_is_refused(shop: Shop):
    booking, key = await shop.held(), {"idempotency-key": new_key()}
    await shop.prove(booking, SMALL, "bukti.png", **key)
    before = await shop.facts()

    answer = await shop.prove(booking, photo(), **key)

    assert problem(answer) == (422, "idempotency.key_reused")
    assert await shop.facts() == before


async def test_storage_that_is_down_without_room_to_keep_is_said_and_no_row_written(shop: Shop):
    booking = await shop.held()
    before = await shop.facts()
    keeping = shop.registry[KeepingStorage]
    real = keeping.store
    keeping.store, keeping._most_bytes = BrokenStorage(real._store), 1

    answer = await shop.prove(booking, SMALL, "bukti.png")

    keeping.store = real
    assert await shop.execute("SELECT key FROM kept_objects") == []
    assert problem(answer) == (503, "storage.unavailable")
    assert answer.headers["retry-after"] == "10"
    assert await shop.facts() == before


class BrokenStorage(ObjectStorage):
    """A store whose disk is gone."""

    async def put(self, key: str, content: bytes, mime: str) -> None:
        raise StorageUnavailable(retry_after=10)


async def test_object_goes_when_the_database_refuses_the_row(shop: Shop, owner):
    booking = await shop.held()
    await owner("ALTER TABLE payment_proofs ADD CONSTRAINT refuse CHECK (false) NOT VALID")
    before = await shop.facts()

    answer = await shop.prove(booking, SMALL, "bukti.png")

    assert problem(answer) == (500, "internal")
    assert await shop.facts() == before
