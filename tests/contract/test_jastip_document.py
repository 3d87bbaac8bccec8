"""The jastip document's endpoints (jastipin.md §5, §8, §12, §14): each path, answered as written, over HTTP."""

import hmac
import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr

from pesan.app.instance import Instance
from pesan.app.web import create_app
from pesan.app.wiring import build_registry
from pesan.db import Database
from pesan.jastip.tokens import ParticipantTokens
from pesan.web.reserved import reserved_words
from tests.storage.files import encoded, picture
from tests.support.trips import make_journey, make_product

IMAGE = {"image": ("a.png", encoded(picture(60, 40), "PNG"), "image/png")}
TRIP = {
    "title": "Jastip Jepang",
    "description": "Mei",
    "slug": "jpn25",
    "deadline": "2099-05-01T20:00:00+07:00",
}
KITKAT = {"slug": "pd12a", "title": "Kit Kat", "price": "85000", "stock": "9", "description": "Matcha"}
JASTIP = ("/api/profile/", "/api/trips", "/api/participants/", "/api/products/", "/api/orders")
PASSWORD = "kuda-terbang-biru-42"
WEBHOOK = "/api/webhooks/whatsapp"
# §8, as written.
IGNORED = [
    *("api", "_next", "join", "order", "profile", "dashboard", "auth", "login", "register", "invite"),
    *("favicon.ico", "robots.txt", "sitemap.xml"),
]


@dataclass(frozen=True)
class Asked:
    """A line of the document: what is asked, which names its answer has, and what some of them say."""

    method: str
    path: str
    body: dict[str, Any] | None
    status: int
    names: dict[str, Any]
    is_private: bool = True
    files: dict[str, Any] | None = None
    keeps: dict[str, str] = field(default_factory=dict)
    says: dict[str, Any] = field(default_factory=dict)


USER = {"id", "email", "slug"}
OWN = USER | {"profileName", "profileBio", "avatar", "coverImage"}
TRIP_NAMES = {"id", "slug", "title", "description", "deadline", "isActive"}
PRODUCT = {"id", "slug", "title", "price", "stock", "image", "description", "status"}
PERSON = {"id", "phone", "name", "joinedAt"}
ORDER = {"id", "quantity", "totalPrice", "proofUrl", "status", "notes", "product", "participant"}
SITI, BUDI = {"phone": "628123456789", "name": "Siti"}, {"phone": "628123456780", "name": "Budi"}
LINE = {"productId": "{product}", "participantId": "{participant}", "quantity": 2, "notes": "Rasa matcha"}
# In the order of somebody's day; `{…}` is what an answer before it said.
DOCUMENT = [
    Asked("GET", "/api/health", None, 200, {"status"}, is_private=False),
    Asked("GET", "/api/profile/me", None, 200, {"user": OWN, "trips": []}),
    Asked(
        "POST",
        "/api/trips",
        {**TRIP, "isActive": True},
        201,
        {"trip": TRIP_NAMES},
        keeps={"trip": "trip.id"},
        says={"trip.slug": "jpn25", "trip.title": "Jastip Jepang", "trip.isActive": True},
    ),
    Asked(
        "POST",
        "/api/trips",
        {**TRIP, "slug": "kor25"},
        201,
        {"trip": TRIP_NAMES},
        keeps={"hidden": "trip.id"},
        says={"trip.isActive": False},
    ),
    # Unique are the trip's slug, and the product's within it (§4).
    Asked("POST", "/api/trips", TRIP, 409, {"error"}),
    Asked(
        "PATCH",
        "/api/profile/me",
        {"profileName": "Jastip by Tina", "profileBio": "Korea"},
        200,
        {"user": OWN},
        keeps={"slug": "user.slug"},
        says={"user.profileName": "Jastip by Tina", "user.profileBio": "Korea"},
    ),
    Asked(
        "PATCH",
        "/api/profile/me",
        {"profileBio": "Korea & Jepang"},
        200,
        {"user": OWN},
        files={"avatar": IMAGE["image"], "coverImage": IMAGE["image"]},
        keeps={"avatar": "user.avatar"},
        says={"user.profileBio": "Korea & Jepang"},
    ),
    Asked(
        "POST",
        "/api/trips/{trip}/products",
        KITKAT,
        201,
        {"product": PRODUCT},
        files=IMAGE,
        keeps={"product": "product.id"},
        says={
            "product.slug": "pd12a",
            "product.title": "Kit Kat",
            "product.price": 85_000,
            "product.stock": 9,
            "product.status": "active",
            "product.description": "Matcha",
        },
    ),
    Asked("POST", "/api/trips/{trip}/products", KITKAT, 409, {"error"}, files=IMAGE),
    Asked("POST", "/api/trips/{trip}/products", KITKAT, 401, {"error"}, is_private=False, files=IMAGE),
    Asked("GET", "/api/trips/{trip}/products", None, 200, {"products": [PRODUCT]}, is_private=False),
    Asked(
        "GET",
        "/api/profile/{slug}",
        None,
        200,
        {
            "user": {"name", "bio", "avatar", "rating"},
            "trips": [{"id", "slug", "title", "isActive", "products"}],
        },
        is_private=False,
        says={"user.name": "Jastip by Tina", "user.bio": "Korea & Jepang", "user.rating": None},
    ),
    Asked("GET", "/api/profile/me", None, 200, {"user": OWN, "trips": [TRIP_NAMES, TRIP_NAMES]}),
    Asked("GET", "/api/profile/me", None, 401, {"error"}, is_private=False),
    Asked("PATCH", "/api/profile/me", {"profileName": "Orang"}, 401, {"error"}, is_private=False),
    Asked(
        "POST",
        "/api/trips/{trip}/join",
        SITI,
        201,
        {"participant": PERSON},
        keeps={"participant": "participant.id"},
        says={"participant.phone": "628123456789", "participant.name": "Siti"},
    ),
    Asked("POST", "/api/trips/{trip}/join", BUDI, 201, {"participant": PERSON}, is_private=False),
    Asked("POST", "/api/trips/{trip}/join", SITI, 409, {"error"}, is_private=False),
    Asked("GET", "/api/trips/{trip}", None, 200, {"trip": TRIP_NAMES | {"participants", "products"}}),
    Asked("GET", "/api/trips?filter=active", None, 200, {"trips": [TRIP_NAMES]}),
    Asked("GET", "/api/trips", None, 200, {"trips": [TRIP_NAMES, TRIP_NAMES]}),
    Asked(
        "PATCH",
        "/api/trips/{trip}",
        {
            "title": "Jastip Tokyo",
            "description": "Juni",
            "isActive": True,
            "deadline": "2099-06-01T20:00:00+07:00",
        },
        200,
        {"trip": TRIP_NAMES},
        says={
            "trip.title": "Jastip Tokyo",
            "trip.description": "Juni",
            "trip.deadline": "2099-06-01T13:00:00.000Z",
        },
    ),
    Asked("PATCH", "/api/trips/{trip}", {"title": "Orang"}, 401, {"error"}, is_private=False),
    Asked(
        "GET",
        "/api/trips/{trip}/broadcast/estimate?template=broadcast",
        None,
        200,
        {"participantCount", "costPerMessage", "totalCostIDR", "recommendation"},
        says={"participantCount": 1, "recommendation": "OK"},
    ),
    Asked("POST", "/api/orders", {**LINE, "quantity": 10}, 409, {"error"}),
    Asked(
        "POST",
        "/api/orders",
        LINE,
        201,
        {"order": ORDER},
        keeps={"order": "order.id"},
        says={
            "order.status": "pending",
            "order.quantity": 2,
            "order.totalPrice": 170_000,
            "order.notes": "Rasa matcha",
            "order.proofUrl": None,
        },
    ),
    Asked("GET", "/api/orders/{trip}", None, 200, {"orders": [ORDER]}),
    Asked("GET", "/api/orders/{trip}", None, 401, {"error"}, is_private=False),
    Asked("PATCH", "/api/orders/{order}/confirm", {}, 401, {"error"}, is_private=False),
    Asked(
        "PATCH",
        "/api/orders/{order}/confirm",
        {"proofUrl": "https://contoh.id/bukti.jpg"},
        200,
        {"order": ORDER},
        says={"order.status": "confirmed"},
    ),
    Asked(
        "PATCH",
        "/api/orders/{order}/ship",
        {"courier": "JNE"},
        200,
        {"order": ORDER},
        says={"order.status": "shipped"},
    ),
    Asked(
        "POST",
        "/api/orders",
        {**LINE, "participantId": None},
        201,
        {"order": ORDER},
        is_private=False,
        keeps={"other": "order.id"},
    ),
    Asked(
        "PATCH",
        "/api/orders/{other}/reject",
        {"reason": "Habis di toko"},
        200,
        {"order": ORDER},
        says={"order.status": "rejected"},
    ),
    Asked("POST", "/api/orders", LINE, 201, {"order": ORDER}, keeps={"third": "order.id"}),
    Asked(
        "PATCH", "/api/orders/{third}/reject", {}, 200, {"order": ORDER}, says={"order.status": "rejected"}
    ),
    Asked(
        "GET",
        "/api/trips/{trip}/participants",
        None,
        200,
        {"participants": [PERSON | {"orders"}, PERSON | {"orders"}]},
    ),
    Asked("PATCH", "/api/participants/{participant}/unsubscribe", None, 200, {"message"}, is_private=False),
    Asked(
        "PATCH",
        "/api/products/{product}",
        {"title": "Kit Kat Uji", "price": 90_000, "stock": 8, "status": "sold_out"},
        200,
        {"product": PRODUCT},
        says={
            "product.title": "Kit Kat Uji",
            "product.price": 90_000,
            "product.stock": 8,
            "product.status": "sold_out",
        },
    ),
    Asked(
        "PATCH",
        "/api/products/{product}",
        {"status": "discontinued"},
        200,
        {"product": PRODUCT},
        says={"product.status": "discontinued"},
    ),
    Asked("PATCH", "/api/products/{product}", {"price": 1}, 401, {"error"}, is_private=False),
    Asked("DELETE", "/api/products/{product}", None, 401, {"error"}, is_private=False),
    Asked("DELETE", "/api/products/{product}", None, 200, {"message"}),
    Asked("DELETE", "/api/trips/{trip}", None, 401, {"error"}, is_private=False),
    Asked("DELETE", "/api/trips/{trip}", None, 200, {"message"}),
    Asked("DELETE", "/api/trips/{hidden}", None, 200, {"message"}),
    Asked("GET", "/api/trips", None, 200, {"trips": []}),
    Asked("GET", "/api/trips/{trip}", None, 404, {"error"}),
    Asked("POST", "/api/trips", None, 401, {"error"}, is_private=False),
]
# As §5 lists them; the webhook and what signs in stand below.
ENDPOINTS = """
GET /api/profile/:slug
GET /api/profile/me
PATCH /api/profile/me
POST /api/trips
GET /api/trips/:id
GET /api/trips?filter=active
PATCH /api/trips/:id
DELETE /api/trips/:id
POST /api/trips/:tripId/join
GET /api/trips/:tripId/participants
PATCH /api/participants/:id/unsubscribe
POST /api/trips/:tripId/products
GET /api/trips/:tripId/products
PATCH /api/products/:id
DELETE /api/products/:id
POST /api/orders
GET /api/orders/:tripId
PATCH /api/orders/:id/confirm
PATCH /api/orders/:id/reject
GET /api/trips/:tripId/broadcast/estimate?template=template_id
GET /api/health
"""
WORDS = {
    "PATCH /api/participants": "Unsubscribed",
    "DELETE /api/products": "Product deleted",
    "DELETE /api/trips": "Trip deleted",
}


def has(told: Any, names: Any) -> bool:
    """Whether an answer has these names, in each of exactly as many entries."""
    if isinstance(names, set):
        return isinstance(told, dict) and names <= told.keys()
    if isinstance(names, list):
        return len(told) == len(names) and all(has(*pair) for pair in zip(told, names, strict=True))
    return all(has(told[name], inner) for name, inner in names.items())


def look(told: Any, way: str) -> Any:
    for name in way.split("."):
        told = told[name]
    return told


def find(told: Any, way: str) -> str:
    return str(look(told, way))


def filled(value: Any, known: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: filled(each, known) for name, each in value.items() if each is not None}
    return value.format(**known) if isinstance(value, str) else value


async def ask(
    client: httpx.AsyncClient, asked: Asked, known: dict[str, str], headers: dict[str, str]
) -> httpx.Response:
    path, body = asked.path.format(**known), filled(asked.body, known)
    if asked.files:
        return await client.request(asked.method, path, data=body, files=asked.files, headers=headers)
    content = {} if body is None else {"json": body}
    return await client.request(asked.method, path, headers=headers, **content)


def expected_word(asked: Asked) -> str | None:
    line = f"{asked.method} {asked.path}"
    return next((word for start, word in WORDS.items() if line.startswith(start)), None)


async def test_every_endpoint_of_the_document_answers_as_written(client: httpx.AsyncClient, registry):
    account = {"email": "tina@contoh.id", "password": PASSWORD, "fullName": "Tina Wijaya"}
    signed_up = (await client.post("/api/auth/register", json=account)).json()
    client.cookies.clear()
    known: dict[str, str] = {}
    wrong = []

    for asked in DOCUMENT:
        headers = {"Authorization": f"Bearer {signed_up['token']}"} if asked.is_private else {}
        if not asked.is_private and "participant" in known:
            token = registry[ParticipantTokens].make(UUID(known["participant"]))
            headers["X-Participant-Token"] = token
        answer = await ask(client, asked, known, headers)
        told, word = answer.json(), expected_word(asked)
        is_said = word is None or asked.status >= 400 or told.get("message") == word
        says = {way: look(told, way) for way in asked.says} if answer.status_code == asked.status else {}
        if answer.status_code == asked.status and has(told, asked.names) and is_said and says == asked.says:
            known |= {name: find(told, way) for name, way in asked.keeps.items()}
        else:
            wrong.append(f"{asked.method} {asked.path}: {answer.status_code} {answer.text[:300]}")

    assert has(signed_up, {"user": USER})
    assert wrong == []


def test_every_endpoint_of_the_document_is_asked_with_success():
    def shape(line: str) -> str:
        return re.sub(r"=\w+_id$", "=", re.sub(r":\w+|\{\w+\}", "*", line)).replace("=broadcast", "=")

    listed = {shape(line) for line in ENDPOINTS.split("\n") if line}
    asked = {shape(f"{each.method} {each.path}") for each in DOCUMENT if each.status < 300}

    assert listed - asked == set()


async def test_whoever_signs_in_is_answered_as_written(client: httpx.AsyncClient):
    account = {"email": "tina@contoh.id", "password": PASSWORD}

    registered = await client.post("/api/auth/register", json={**account, "fullName": "Tina Wijaya"})
    signed_in = await client.post("/api/auth/login", json=account)
    cookie = signed_in.headers["set-cookie"]
    refreshed = await client.post("/api/auth/refresh", json={})
    token = {"Authorization": f"Bearer {refreshed.json()['token']}"}
    out = await client.get("/api/auth/logout", headers=token)
    after = await client.get("/api/profile/me", headers=token)
    wrong = await client.post("/api/auth/login", json={**account, "password": "salah-sekali-42"})

    assert [registered.status_code, signed_in.status_code, refreshed.status_code] == [201, 200, 200]
    assert [answer.json().keys() for answer in (registered, signed_in)] == [{"user", "token"}] * 2
    assert [answer.json()["user"].keys() for answer in (registered, signed_in)] == [USER] * 2
    assert ("HttpOnly" in cookie, refreshed.json().keys()) == (True, {"token"})
    assert (out.status_code, out.json()) == (200, {"message": "Logged out"})
    assert [(answer.status_code, "error" in answer.json()) for answer in (after, wrong)] == [(401, True)] * 2


@pytest.mark.parametrize("kept", ["/api/profile/{merchant}", "/api/trips/{trip}/products"])
async def test_what_is_public_is_kept_for_as_long_as_written(client, make, database, settings, kept):
    journey = await make_journey(make, database, settings)

    answer = await client.get(kept.format(merchant=journey.merchant.slug, trip=journey.id))

    seconds = 300 if "profile" in kept else 60
    assert answer.headers["cache-control"] == f"public, max-age={seconds}"


async def test_the_webhook_is_verified_and_answers_as_written(app, settings, database_url, database):
    body = b'{"entry":[{"changes":[{"value":{"messages":[]}}]}]}'
    known = {"wa_verify_token": SecretStr("rahasia"), "wa_app_secret": SecretStr("kunci")}
    told = build_registry(Instance(settings.model_copy(update=known), database_url, None), "web")
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "rahasia"}
    signature = hmac.new(b"kunci", body, sha256).hexdigest()
    transport = httpx.ASGITransport(create_app(told))

    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as meta:
        verified = await meta.get(WEBHOOK, params=asked)
        heard = await meta.post(WEBHOOK, content=body, headers={"X-Hub-Signature-256": f"sha256={signature}"})
        unsigned = await meta.post(WEBHOOK, content=body)
    await told[Database].dispose()

    assert (verified.status_code, verified.text) == (200, "1158201444")
    assert (heard.status_code, heard.json()) == (200, {"message": "OK"})
    assert unsigned.status_code in {401, 403}


async def test_short_links_lead_where_the_documents_worker_does(client, make, database, settings):
    journey = await make_journey(make, database, settings, slug="jpn25")
    await make_product(journey, slug="pd12a")

    led = [
        await client.get(path) for path in (f"/{journey.merchant.slug}", "/t/jpn25", "/o/pd12a", "/u/jpn25")
    ]

    found = [
        (urlsplit(each.headers["location"]).path, parse_qs(urlsplit(each.headers["location"]).query))
        for each in led
    ]
    assert [each.status_code for each in led] == [302] * 4
    assert found == [
        ("/profile", {"user": [journey.merchant.slug]}),
        ("/join", {"trip": ["jpn25"]}),
        ("/order", {"product": ["pd12a"]}),
        ("/unsubscribe", {"trip": ["jpn25"]}),
    ]


@pytest.mark.parametrize("word", IGNORED)
async def test_words_that_the_documents_worker_leaves_alone_are_nobodys_profile(registry, word):
    assert word in reserved_words(create_app(registry))


async def test_every_post_and_patch_of_the_document_takes_a_key(client: httpx.AsyncClient):
    document = (await client.get("/openapi.json")).json()

    without = [
        f"{method} {path}"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if path.startswith(JASTIP) and method in {"post", "patch"}
        if "Idempotency-Key" not in [each["name"] for each in operation.get("parameters", [])]
    ]
    assert without == []
