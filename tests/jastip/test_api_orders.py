"""Orders over HTTP: who may place them, what the server alone decides, and how they go on."""

import pytest
from sqlalchemy import func, select

from pesan.identity.states import MerchantRole
from pesan.jastip.models import TripOrder
from pesan.jastip.states import JoinState
from pesan.jastip.tokens import ParticipantTokens
from pesan.kit.ids import new_id
from tests.payments.steps import send_proof
from tests.support.factories import SYSTEM
from tests.support.trips import make_journey, make_participant, make_product, order


def token_of(registry, person):
    return {"X-Participant-Token": registry[ParticipantTokens].make(person.id)}


async def count(database):
    async with database.read(SYSTEM) as session:
        return await session.scalar(select(func.count()).select_from(TripOrder))


async def test_somebody_orders_by_their_token_once(client, registry, journey, database):
    sweets, tea = await make_product(journey), await make_product(journey, price_amount=45_000)
    person = await make_participant(journey)
    headers = {**token_of(registry, person), "Idempotency-Key": str(new_id())}
    items = [{"productId": str(sweets.id), "quantity": 2}, {"productId": str(tea.id), "quantity": 1}]
    body = {"items": items, "notes": "Rasa stroberi"}

    first = await client.post("/api/orders", json=body, headers=headers)
    again = await client.post("/api/orders", json=body, headers=headers)

    told = first.json()["order"]
    assert (first.status_code, again.content) == (201, first.content)
    assert (told["totalPrice"], told["quantity"], told["status"]) == (245_000, 3, "pending")
    assert [each["slug"] for each in told["items"]] == [sweets.slug, tea.slug]
    assert (told["product"], told["participant"]["name"]) == (told["items"][0], person.name)
    assert told["payUrl"].endswith(f"/pay/{told['code']}")
    assert await count(database) == 1


async def test_nobody_orders_for_somebody_else(client, program, registry, journey, database):
    siti, budi = await make_participant(journey), await make_participant(journey)
    product = await make_product(journey)
    body = {"productId": str(product.id), "participantId": str(siti.id), "quantity": 1}
    staff = await program(journey.merchant, MerchantRole.STAFF)

    answers = [
        await client.post("/api/orders", json=body),
        await client.post("/api/orders", json=body, headers=token_of(registry, budi)),
        await staff.post("/api/orders", json=body),
    ]

    assert [answer.json()["code"] for answer in answers] == ["jastip.participant_not_found"] * 3
    assert await count(database) == 0
    owner = await program(journey.merchant)
    assert (await owner.post("/api/orders", json=body)).status_code == 201


@pytest.mark.parametrize(
    "said",
    [
        {"totalPrice": 1},
        {"status": "confirmed"},
        {"price": 1},
        {"quantity": 0},
        {"quantity": -1},
        {"quantity": "1"},
        {"quantity": 2**63},
        {"items": []},
        {"items": [{"productId": "x", "quantity": 1, "price": 1}]},
    ],
)
async def test_prices_and_states_are_the_servers(client, registry, journey, database, said):
    product, person = await make_product(journey), await make_participant(journey)
    body = {"productId": str(product.id), "quantity": 1, **said}

    answer = await client.post("/api/orders", json=body, headers=token_of(registry, person))

    assert (answer.status_code, answer.json()["error"]) == (422, answer.json()["detail"])
    assert await count(database) == 0


async def test_what_cannot_be_ordered_says_why(client, make, settings, registry, journey, database):
    product, person = await make_product(journey, stock=1), await make_participant(journey)
    waiting = await make_participant(journey, state=JoinState.PENDING)
    elsewhere = await make_product(await make_journey(make, database, settings))
    wishes = {
        "jastip.join_pending": (waiting, product, 1),
        "jastip.product_not_found": (person, elsewhere, 1),
        "capacity.hold_pool_full": (person, product, 2),
    }

    for code, (who, what, quantity) in wishes.items():
        body = {"productId": str(what.id), "quantity": quantity}
        answer = await client.post("/api/orders", json=body, headers=token_of(registry, who))
        assert answer.json()["code"] in {code, "capacity.sold_out"}, code
    assert await count(database) == 0


async def test_orders_are_listed_narrowed_and_paged(program, journey, count_page_queries):
    owner, product = await program(journey.merchant), await make_product(journey, stock=20)
    people = [
        await make_participant(journey, name=name) for name in ("Siti Aminah", "Budi Santoso", "Tono Raharjo")
    ]
    orders = [await order(journey, person, (product, 2)) for person in people]
    path = f"/api/orders/{journey.id}"
    await owner.patch(f"/api/orders/{orders[0].id}/confirm")

    async def listed(**query):
        return (await owner.get(path, params=query)).json()

    assert [each["participant"]["name"] for each in (await listed(search="budi"))["orders"]] == [
        "Budi Santoso"
    ]
    assert [each["id"] for each in (await listed(status="confirmed"))["orders"]] == [str(orders[0].id)]
    assert len((await listed(status="pending"))["orders"]) == 2
    first = await listed(limit=2)
    rest = await listed(limit=2, cursor=first["nextCursor"])
    ids = [each["id"] for each in first["orders"] + rest["orders"]]
    assert (ids, rest["nextCursor"]) == ([str(each.id) for each in reversed(orders)], None)
    counts = []
    for limit in (1, 3):
        with count_page_queries() as queries:
            await listed(limit=limit)
        counts.append(len(queries))
    assert counts[0] == counts[1]


async def test_an_order_is_confirmed_and_sent_once_for_each_key(program, make, journey):
    owner, product = await program(journey.merchant), await make_product(journey)
    placed = await order(journey, await make_participant(journey), (product, 1))
    path, key = f"/api/orders/{placed.id}", {"Idempotency-Key": str(new_id())}

    first = await owner.patch(f"{path}/confirm", json={"proofUrl": "https://contoh.id/a.jpg"}, headers=key)
    again = await owner.patch(f"{path}/confirm", json={"proofUrl": "https://contoh.id/a.jpg"}, headers=key)
    wrong = await owner.patch(f"{path}/reject", json={"reason": "Habis"})
    parcel = {"courier": "JNE", "trackingNo": "CGK123456"}
    sent = await owner.patch(f"{path}/ship", json=parcel)

    assert (first.json()["order"]["status"], again.content) == ("confirmed", first.content)
    assert wrong.status_code == 409
    told = sent.json()["order"]
    assert (told["status"], told["courier"], told["trackingNo"]) == ("shipped", "JNE", "CGK123456")
    listed = (await owner.get(f"/api/orders/{journey.id}")).json()["orders"]
    assert listed == [told]


async def test_a_proof_is_shown_and_counts_for_its_own_order_alone(program, make, journey, database):
    owner, product = await program(journey.merchant), await make_product(journey)
    siti, budi = await make_participant(journey), await make_participant(journey)
    paid, other = await order(journey, siti, (product, 1)), await order(journey, budi, (product, 1))
    await send_proof(make, paid)
    listed = (await owner.get(f"/api/orders/{journey.id}", params={"search": siti.wa})).json()["orders"]
    proof = {"proofUrl": listed[0]["proofUrl"]}

    assert (await owner.patch(f"/api/orders/{other.id}/confirm", json=proof)).status_code == 422
    assert (await owner.patch(f"/api/orders/{paid.id}/confirm", json=proof)).json()["order"][
        "status"
    ] == "confirmed"
    rejected = await owner.patch(f"/api/orders/{other.id}/reject")
    assert rejected.json()["order"]["status"] == "rejected"


async def test_orders_are_their_jastipers_alone(make, database, settings, program, journey):
    placed = await order(journey, await make_participant(journey), (await make_product(journey), 1))
    stranger = await program((await make_journey(make, database, settings)).merchant)
    path = f"/api/orders/{placed.id}"

    answers = [
        await stranger.get(f"/api/orders/{journey.id}"),
        await stranger.patch(f"{path}/confirm", json={}),
        await stranger.patch(f"{path}/reject", json={}),
        await stranger.patch(f"{path}/ship", json={"courier": "JNE"}),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    async with database.read(SYSTEM) as session:
        assert (await session.get_one(type(placed), placed.id)).state == placed.state
