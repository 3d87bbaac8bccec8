"""The jastip document's endpoints (jastipin.md §5 and §14): each path, answered as written, over HTTP."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from pesan.jastip.tokens import ParticipantTokens
from tests.storage.files import encoded, picture

IMAGE = {"image": ("a.png", encoded(picture(60, 40), "PNG"), "image/png")}
TRIP = {"title": "Jastip Jepang", "description": "Mei", "slug": "jpn25", "deadline": None, "isActive": True}
KITKAT = {"slug": "pd12a", "title": "Kit Kat", "price": "85000", "stock": "9", "description": "Matcha"}
JASTIP = ("/api/profile/", "/api/trips", "/api/participants/", "/api/products/", "/api/orders")
PASSWORD = "kuda-terbang-biru-42"


@dataclass(frozen=True)
class Asked:
    """A line of the document: what is asked, and which names its answer has."""

    method: str
    path: str
    body: dict[str, Any] | None
    status: int
    names: dict[str, Any]
    is_private: bool = True
    files: dict[str, Any] | None = None
    keeps: dict[str, str] = field(default_factory=dict)


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
    Asked("POST", "/api/trips", TRIP, 201, {"trip": TRIP_NAMES}, keeps={"trip": "trip.id"}),
    Asked(
        "PATCH",
        "/api/profile/me",
        {"profileName": "Jastip by Tina", "profileBio": "Korea"},
        200,
        {"user": OWN},
        keeps={"slug": "user.slug"},
    ),
    Asked(
        "POST",
        "/api/trips/{trip}/products",
        KITKAT,
        201,
        {"product": PRODUCT},
        files=IMAGE,
        keeps={"product": "product.id"},
    ),
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
    ),
    Asked("GET", "/api/profile/me", None, 200, {"user": OWN, "trips": [TRIP_NAMES]}),
    Asked(
        "POST",
        "/api/trips/{trip}/join",
        SITI,
        201,
        {"participant": PERSON},
        keeps={"participant": "participant.id"},
    ),
    Asked("POST", "/api/trips/{trip}/join", BUDI, 201, {"participant": PERSON}, is_private=False),
    Asked("POST", "/api/trips/{trip}/join", SITI, 409, {"error"}, is_private=False),
    Asked("GET", "/api/trips/{trip}", None, 200, {"trip": TRIP_NAMES | {"participants", "products"}}),
    Asked("GET", "/api/trips?filter=active", None, 200, {"trips": [TRIP_NAMES]}),
    Asked(
        "PATCH", "/api/trips/{trip}", {"title": "Jastip Tokyo", "isActive": True}, 200, {"trip": TRIP_NAMES}
    ),
    Asked("POST", "/api/orders", LINE, 201, {"order": ORDER}, keeps={"order": "order.id"}),
    Asked("GET", "/api/orders/{trip}", None, 200, {"orders": [ORDER]}),
    Asked("PATCH", "/api/orders/{order}/confirm", {}, 200, {"order": ORDER}),
    Asked("PATCH", "/api/orders/{order}/ship", {"courier": "JNE"}, 200, {"order": ORDER}),
    Asked(
        "POST",
        "/api/orders",
        {**LINE, "participantId": None},
        201,
        {"order": ORDER},
        is_private=False,
        keeps={"other": "order.id"},
    ),
    Asked("PATCH", "/api/orders/{other}/reject", {"reason": "Habis di toko"}, 200, {"order": ORDER}),
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
        {"title": "Kit Kat", "price": 90000, "stock": 8, "status": "active"},
        200,
        {"product": PRODUCT},
    ),
    Asked("DELETE", "/api/products/{product}", None, 200, {"message"}),
    Asked("DELETE", "/api/trips/{trip}", None, 200, {"message"}),
    Asked("GET", "/api/trips", None, 200, {"trips": []}),
    Asked("GET", "/api/trips/{trip}", None, 404, {"error"}),
    Asked("POST", "/api/trips", None, 401, {"error"}, is_private=False),
]
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


def find(told: Any, way: str) -> str:
    for name in way.split("."):
        told = told[name]
    return str(told)


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
        if answer.status_code == asked.status and has(told, asked.names) and is_said:
            known |= {name: find(told, way) for name, way in asked.keeps.items()}
        else:
            wrong.append(f"{asked.method} {asked.path}: {answer.status_code} {answer.text[:300]}")

    assert has(signed_up, {"user": USER})
    assert wrong == []


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
