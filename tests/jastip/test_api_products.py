"""Products over HTTP: their pictures, who may change them, and what everybody is shown."""

import io

import pytest
from PIL import Image
from sqlalchemy import func, select

from pesan.jastip.models import Product
from pesan.jastip.pictures import pictures_of
from pesan.kit.ids import new_id
from tests.storage.files import document, encoded, photo, picture
from tests.support.factories import SYSTEM
from tests.support.trips import make_journey, make_participant, make_product, order

KITKAT = {"title": "Kit Kat Matcha", "price": 85_000, "stock": 4}


async def count(database):
    async with database.read(SYSTEM) as session:
        return await session.scalar(select(func.count()).select_from(Product))


@pytest.fixture
def path(journey):
    return f"/api/trips/{journey.id}/products"


async def test_a_picture_is_cropped_and_kept_under_its_trip(program, client, journey, path):
    owner = await program(journey.merchant)
    fields = {"title": "2025", "price": "85000", "stock": "4", "slug": "Kit-1"}
    key = {"Idempotency-Key": str(new_id())}

    for _ in range(2):
        files = {"image": ("a.jpg", photo(6), "image/jpeg")}
        made = await owner.post(path, data=fields, files=files, headers=key)

    product = made.json()["product"]
    assert (made.status_code, made.headers["idempotency-replayed"]) == (201, "true")
    assert (product["slug"], product["title"], product["price"], product["available"]) == (
        "kit-1",
        "2025",
        85_000,
        4,
    )
    assert f"/media/products/{journey.trip.slug}/" in product["image"]
    seen = Image.open(io.BytesIO((await client.get(product["image"])).content))
    assert (seen.format, seen.size, len(seen.getexif())) == ("WEBP", (900, 900), 0)
    others = pictures_of(product["image"].partition("/media/")[2])
    got = [await client.get(address) for address in (others.small, others.shared)]
    assert [
        (answer.headers["content-type"], Image.open(io.BytesIO(answer.content)).size) for answer in got
    ] == [
        ("image/webp", (400, 400)),
        ("image/jpeg", (900, 900)),
    ]


async def test_products_are_listed_at_a_fixed_number_of_queries(client, journey, path, count_page_queries):
    counts = []
    for more in (1, 2):
        for _ in range(more):
            await make_product(journey)
        with count_page_queries() as queries:
            answer = await client.get(path)
        counts.append((len(answer.json()["products"]), len(queries)))

    assert [products for products, _ in counts] == [1, 3]
    assert counts[0][1] == counts[1][1]
    assert answer.headers["cache-control"] == "public, max-age=60"


async def test_a_change_is_listed_at_once(program, client, journey, path):
    owner, product = await program(journey.merchant), await make_product(journey)
    before = (await client.get(path)).headers["etag"]

    changed = await owner.patch(f"/api/products/{product.id}", json={"price": 90_000, "stock": 1})

    assert (changed.json()["product"]["price"], changed.json()["product"]["stock"]) == (90_000, 1)
    listed = await client.get(path, headers={"If-None-Match": before})
    assert (listed.status_code, listed.json()["products"][0]["price"]) == (200, 90_000)
    await order(journey, await make_participant(journey), (product, 1))
    assert (await client.get(path)).json()["products"][0]["status"] == "sold_out"


async def test_a_product_with_orders_is_discontinued_and_not_deleted(program, client, journey, path):
    owner, product = await program(journey.merchant), await make_product(journey)
    await order(journey, await make_participant(journey), (product, 1))

    answer = await owner.delete(f"/api/products/{product.id}")
    await owner.patch(f"/api/products/{product.id}", json={"status": "discontinued"})

    assert (answer.status_code, answer.json()["code"]) == (409, "jastip.product_busy")
    assert (await client.get(path)).json()["products"] == []


async def test_products_are_their_owners_alone(make, database, settings, program, journey):
    theirs = await make_journey(make, database, settings)
    somebody, product = await program(theirs.merchant), await make_product(journey)

    answers = [
        await somebody.post(f"/api/trips/{journey.id}/products", json=KITKAT),
        await somebody.patch(f"/api/products/{product.id}", json={"price": 1}),
        await somebody.delete(f"/api/products/{product.id}"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 3
    assert await count(database) == 1


@pytest.mark.parametrize(
    "body",
    [
        {**KITKAT, "price": -1},
        {**KITKAT, "price": "1e3"},
        {**KITKAT, "stock": 2**63},
        {**KITKAT, "stock": 1.5},
        {**KITKAT, "held": 0},
        {**KITKAT, "tripId": str(new_id())},
        {**KITKAT, "image": "https://contoh.id/a.jpg"},
        {**KITKAT, "slug": "dua kata"},
    ],
)
async def test_what_a_product_does_not_take_is_refused(program, journey, path, database, body):
    owner = await program(journey.merchant)

    assert (await owner.post(path, json=body)).status_code == 422
    assert await count(database) == 0


async def test_a_title_that_is_too_long_is_named(program, journey, path, database):
    owner = await program(journey.merchant)

    refused = await owner.post(path, json={**KITKAT, "title": "a" * 81})

    assert (refused.status_code, [error["pointer"] for error in refused.json()["errors"]]) == (
        422,
        ["#/title"],
    )
    assert await count(database) == 0


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("a.pdf", document(), 415),
        ("a.png", b"bukan gambar", 415),
        ("a.php.png", encoded(picture(80, 80), "PNG"), 422),
        ("a.png", encoded(picture(80, 80), "PNG") + bytes(5 * 1024 * 1024), 413),
    ],
)
async def test_a_file_that_is_no_small_picture_is_refused(
    program, journey, path, database, name, content, status
):
    owner = await program(journey.merchant)
    fields = {name: str(value) for name, value in KITKAT.items()}

    answer = await owner.post(path, data=fields, files={"image": (name, content, "image/png")})

    assert answer.status_code == status
    assert await count(database) == 0
