"""What the server alone decides is refused in every body of the API, and nobody is told what is not theirs."""

import re

import pytest
from sqlalchemy import select

from pesan.identity.models import Membership, User
from pesan.jastip.models import Participant
from pesan.orders.models import Order
from tests.architecture.test_reads import contents
from tests.jastip.visiting import post, token_of, visiting
from tests.storage.files import encoded, picture
from tests.support.factories import PASSWORD, SYSTEM
from tests.support.postgres import Server
from tests.support.trips import make_participant, make_product, order

DESK = ("/api/profile/", "/api/trips", "/api/participants/", "/api/products/", "/api/orders")
NAME = re.compile(r"{\w+}")
# Each with a value that somebody would wish for.
WISHES = {
    "role": "admin",
    "merchantId": "01a1fdd2-4211-7ebb-8eb5-8ff1d35af34f",
    "merchant_id": "01a1fdd2-4211-7ebb-8eb5-8ff1d35af34f",
    "price": 1,
    "totalPrice": 1,
    "status": "confirmed",
    "state": "PAID",
    "paidAt": "2026-01-01T00:00:00Z",
    "isActive": True,
    "is_archived": False,
    "joinedAt": "2026-01-01T00:00:00Z",
    "proofUrl": "https://contoh.id/bukti.png",
    "id": "01a1fdd2-4211-7ebb-8eb5-8ff1d35af34f",
    "rating": 5,
}
# Every body of the API that changes something, and which of the names above it takes.
BODIES = [
    ("PATCH", "/api/profile/me", {"profileBio": "Korea"}, ()),
    ("POST", "/api/trips", {"title": "Jastip Seoul", "slug": "sel26"}, ("isActive",)),
    ("PATCH", "/api/trips/{trip}", {"title": "Jastip Seoul"}, ("isActive",)),
    ("POST", "/api/trips/{trip}/products", {"title": "Kit Kat", "price": 5, "stock": 1}, ("price",)),
    ("PATCH", "/api/products/{product}", {"title": "Kit Kat"}, ("price", "status")),
    ("POST", "/api/trips/{trip}/join", {"phone": "081234567890", "name": "Siti Nurhaliza"}, ()),
    ("POST", "/api/orders", {"productId": "{product}", "participantId": "{person}", "quantity": 1}, ()),
    ("PATCH", "/api/orders/{order}/confirm", {}, ("proofUrl",)),
    ("PATCH", "/api/orders/{order}/reject", {"reason": "Habis"}, ()),
    ("PATCH", "/api/orders/{order}/ship", {"courier": "JNE"}, ()),
]


@pytest.mark.parametrize(("method", "path", "body", "own"), BODIES, ids=lambda each: str(each)[:40])
async def test_a_name_that_a_body_does_not_have_is_refused_and_changes_nothing(
    program, journey, postgres: Server, database_url, method, path, body, own
):
    product, person = await make_product(journey), await make_participant(journey)
    placed = await order(journey, person, (product, 1))
    owner = await program(journey.merchant)
    ids = {"trip": journey.id, "product": product.id, "person": person.id, "order": placed.id}
    said = {name: value.format(**ids) if isinstance(value, str) else value for name, value in body.items()}
    wishes = {name: value for name, value in WISHES.items() if name not in (*own, *body)}
    before = contents(postgres, database_url.database)

    answers = {
        name: await owner.request(method, path.format(**ids), json={**said, name: value})
        for name, value in wishes.items()
    }

    told = {
        name: (answer.status_code, answer.json()["errors"][0]["pointer"]) for name, answer in answers.items()
    }
    assert told == {name: (422, f"#/{name}") for name in wishes}
    assert contents(postgres, database_url.database) == before
    assert (await owner.request(method, path.format(**ids), json=said)).status_code in {200, 201, 409}


@pytest.mark.parametrize("path", ["/api/trips/{trip}/products", "/api/profile/me"])
async def test_a_form_with_pictures_takes_no_more_than_its_json(
    program, journey, postgres: Server, database_url, path
):
    owner = await program(journey.merchant)
    is_product = path.endswith("products")
    fields = {"title": "Kit Kat", "price": "5", "stock": "1"} if is_product else {"profileBio": "Korea"}
    files = {"image" if is_product else "avatar": ("a.png", encoded(picture(60, 40), "PNG"), "image/png")}
    before = contents(postgres, database_url.database)

    answer = await owner.request(
        "POST" if is_product else "PATCH",
        path.format(trip=journey.id),
        data={**fields, "merchantId": "x"},
        files=files,
    )

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/merchantId")
    assert contents(postgres, database_url.database) == before


async def test_whoever_registers_gets_an_account_and_no_role(client, database):
    account = {"email": "tina@contoh.id", "password": PASSWORD, "fullName": "Tina Wijaya"}

    await client.post("/api/auth/register", json={**account, **WISHES, "platformRole": "admin"})

    async with database.read(SYSTEM) as session:
        users = (await session.scalars(select(User))).all()
        memberships = (await session.scalars(select(Membership))).all()
    assert [user.platform_role for user in users] in ([], [None])
    assert memberships == []


async def test_an_order_on_the_page_costs_what_its_product_does(app, registry, database, journey):
    product, person = await make_product(journey, price_amount=100_000), await make_participant(journey)
    page = f"/order?product={product.slug}"
    key = "01a1fdd2-4211-4ebb-8eb5-8ff1d35af34f"

    async with visiting(app) as guest:
        await guest.client.get(f"/o/{product.slug}?p={token_of(registry, person)}", follow_redirects=True)
        said = {"product": product.slug, f"qty_{product.slug}": "2", "terms": "1.1.1", "idempotency_key": key}
        wishes = {name: str(value) for name, value in {**WISHES, "total": 1, "unit_amount": 1}.items()}
        answer = await post(guest, page, "/order", **{**wishes, **said})

    async with database.read(SYSTEM) as session:
        (placed,) = await session.scalars(select(Order))
    assert answer.status_code == 303
    assert (placed.total_amount, placed.state, placed.merchant_id) == (200_000, "HOLD", journey.merchant.id)


async def test_whoever_joins_on_a_page_takes_part_only_when_they_write(client, database, journey):
    answer = await client.post(
        f"/api/trips/{journey.id}/join", json={"phone": "081234567890", "name": "Siti", "state": "joined"}
    )

    async with database.read(SYSTEM) as session:
        assert (await session.scalars(select(Participant))).all() == []
    assert answer.status_code == 422


async def test_whoever_orders_is_told_of_their_own_order_alone(client, registry, journey):
    product = await make_product(journey, shop="Toko rahasia di Shibuya")
    siti, budi = await make_participant(journey), await make_participant(journey, name="Budi Rahasia")
    await order(journey, budi, (product, 1), notes="Catatan rahasia Budi")
    token = {"X-Participant-Token": token_of(registry, siti)}

    answer = await client.post(
        "/api/orders", json={"productId": str(product.id), "quantity": 1}, headers=token
    )
    listed = await client.get(f"/api/trips/{journey.id}/products")
    shown = await client.get(f"/api/profile/{journey.merchant.slug}")

    told = answer.json()["order"]
    assert set(told) == {
        *("id", "code", "tripId", "quantity", "totalPrice", "status", "proofUrl", "notes", "product", "items"),
        *("participant", "balanceDue", "payUrl", "courier", "trackingNo", "createdAt"),
    }  # fmt: skip
    assert told["participant"]["id"] == str(siti.id)
    assert budi.wa is not None
    for said in (answer.text, listed.text, shown.text):
        assert "ahasia" not in said
        assert budi.wa.removeprefix("+") not in said


async def test_every_body_of_the_desk_is_tried_above(client):
    """A new one says what the server decides in it."""
    document = (await client.get("/openapi.json")).json()

    described = {
        (method.upper(), NAME.sub("*", path))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if path.startswith(DESK) and "requestBody" in operation
    }

    assert described == {(method, NAME.sub("*", path)) for method, path, _, _ in BODIES}
