"""Every id that a path or a body of the API names belongs to whoever asks, or is not found and stays as it is."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from pesan.identity.service import set_membership
from pesan.identity.states import MerchantRole
from pesan.jastip.models import Participant, Product
from pesan.jastip.tokens import ParticipantTokens
from pesan.orders.models import Order
from pesan.web.access import list_routes
from tests.architecture.test_reads import contents
from tests.jastip.conftest import Program
from tests.payments.steps import send_proof
from tests.support.factories import PASSWORD, SYSTEM
from tests.support.postgres import Server
from tests.support.trips import Journey, make_journey, make_participant, make_product, order

PREFIXES = ("/api/trips/{", "/api/orders/{", "/api/products/{", "/api/participants/{")
# What a trip shows to anybody who has its address (jastipin.md §5: "Auth: Public").
OPEN = {("GET", "/api/trips/{trip_id}/products"), ("POST", "/api/trips/{trip_id}/join")}
# What each asks for, so that only the thing itself can be missing.
BODIES: dict[str, dict[str, Any]] = {
    "PATCH /api/trips/{trip_id}": {"title": "Milik saya"},
    "POST /api/trips/{trip_id}/products": {"title": "Sisipan", "price": 1, "stock": 1},
    "POST /api/trips/{trip_id}/join": {"phone": "081234567899", "name": "Sisipan"},
    "PATCH /api/orders/{order_id}/confirm": {},
    "PATCH /api/orders/{order_id}/reject": {"reason": "Sisipan"},
    "PATCH /api/orders/{order_id}/ship": {"courier": "JNE"},
    "PATCH /api/products/{product_id}": {"price": 1},
}


@dataclass
class Desk:
    """A trip with something to order, somebody who takes part, and their order."""

    journey: Journey
    product: Product
    person: Participant
    placed: Order
    ids: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.ids = {
            "trip_id": str(self.journey.id),
            "product_id": str(self.product.id),
            "participant_id": str(self.person.id),
            "order_id": str(self.placed.id),
        }


async def set_up(journey: Journey) -> Desk:
    product, person = await make_product(journey), await make_participant(journey)
    return Desk(journey, product, person, await order(journey, person, (product, 1)))


@pytest.fixture
async def own(journey: Journey) -> Desk:
    return await set_up(journey)


@pytest.fixture
async def theirs(make, database, settings) -> Desk:
    return await set_up(await make_journey(make, database, settings))


def asked(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Every operation that names something in its path."""
    for route in list_routes(app):
        if route.path.startswith(PREFIXES):
            yield from ((method, route.path) for method in sorted(route.methods - {"HEAD"}))


async def ask(client: httpx.AsyncClient, method: str, template: str, desk: Desk) -> int:
    body = BODIES.get(f"{method} {template}")
    content = {} if body is None else {"json": body}
    return (await client.request(method, template.format_map(desk.ids), **content)).status_code


async def caller(
    kind: str, program: Program, client: httpx.AsyncClient, registry, own: Desk
) -> httpx.AsyncClient:
    """Somebody who has nothing to do with the other desk."""
    if kind in {"organizer", "staff"}:
        return await program(own.journey.merchant, MerchantRole(kind))
    if kind == "customer":
        return await program()
    if kind == "participant":
        client.headers["X-Participant-Token"] = registry[ParticipantTokens].make(own.person.id)
    return client


@pytest.mark.parametrize(
    ("kind", "refusals"),
    [
        ("organizer", {404}),
        ("staff", {404}),
        ("customer", {404}),
        ("participant", {401, 404}),
        ("anonymous", {401, 404}),
    ],
)
async def test_what_is_anothers_is_not_found_by_anybody(
    app, program, client, registry, own, theirs, postgres: Server, database_url, kind, refusals
):
    who = await caller(kind, program, client, registry, own)
    operations = set(asked(app)) - OPEN
    before = contents(postgres, database_url.database)

    answers = {one: await ask(who, *one, theirs) for one in sorted(operations)}

    assert {one for one in operations if one[0] != "GET" and one[0] != "DELETE"} >= {
        tuple(name.split()) for name in BODIES
    } - OPEN
    assert {one: status for one, status in answers.items() if status not in refusals} == {}
    assert contents(postgres, database_url.database) == before


async def test_what_is_ones_own_is_found(app, program, own):
    """The control: it is not the way of asking that finds nothing."""
    owner = await program(own.journey.merchant)
    # Whatever ends something comes last, and what is not finished is not deleted.
    operations = sorted(asked(app), key=lambda one: (one[0] == "DELETE", one[1].endswith("ship"), one))

    answers = {one: await ask(owner, *one, own) for one in operations}

    assert {one: status for one, status in answers.items() if status not in {200, 201, 409}} == {}


async def test_a_colleague_of_some_trips_runs_those_alone(app, make, client, own, database, settings):
    merchant = own.journey.merchant
    other = await set_up(await make_journey(make, database, settings, merchant))
    limited = await make.user()
    async with database.write(SYSTEM) as session:
        terms = {"role": MerchantRole.ORGANIZER, "event_ids": [own.journey.id], "actor": SYSTEM}
        await set_membership(session, user_id=limited.id, merchant_id=merchant.id, **terms)
    answer = await client.post("/api/auth/login", json={"email": limited.email, "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    operations = sorted(set(asked(app)) - OPEN)

    answers = {one: await ask(client, *one, other) for one in operations}

    assert {one: status for one, status in answers.items() if status not in {403, 404}} == {}
    assert (await client.get(f"/api/trips/{own.journey.id}")).status_code == 200


@pytest.mark.parametrize("foreign", ["product", "participant"])
async def test_an_order_names_nothing_of_another_desk(
    program, own, theirs, postgres: Server, database_url, foreign
):
    owner = await program(own.journey.merchant)
    product = theirs.product if foreign == "product" else own.product
    person = theirs.person if foreign == "participant" else own.person
    before = contents(postgres, database_url.database)

    answer = await owner.post(
        "/api/orders", json={"productId": str(product.id), "participantId": str(person.id), "quantity": 1}
    )

    assert answer.status_code == 404
    assert contents(postgres, database_url.database) == before


async def test_a_proof_of_another_desk_is_shown_to_nobody_else_and_counts_for_nobody(
    make, program, own, theirs
):
    await send_proof(make, theirs.placed)
    owner = await program(own.journey.merchant)
    them = await program(theirs.journey.merchant)
    (shown,) = (await them.get(f"/api/orders/{theirs.journey.id}")).json()["orders"]

    taken = await owner.patch(f"/api/orders/{own.placed.id}/confirm", json={"proofUrl": shown["proofUrl"]})
    altered = await owner.get(shown["proofUrl"][:-2] + "AA")

    assert (taken.status_code, taken.json()["errors"][0]["pointer"]) == (422, "#/proofUrl")
    assert altered.status_code in {403, 404}
