"""What somebody tries who means no good: other addresses, other hosts, endless input, ways out, guessed links."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import URL

from pesan.app.instance import Instance
from pesan.app.web import create_app
from pesan.app.wiring import build_registry
from pesan.jastip.links import Links
from pesan.jastip.tokens import ParticipantTokens
from pesan.kit.ids import new_id
from pesan.kit.signing import Signer
from pesan.settings import Settings
from tests.support.trips import make_participant, make_product, order

CLAIMS = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "CF-Connecting-IP", "True-Client-IP", "X-Client-IP")
JSON = {"content-type": "application/json"}
ENDLESS = {
    "deep": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "key": b'{"' + b"k" * 1_000_000 + b'": 1}',
    "number": b'{"quantity": ' + b"9" * 5_000 + b"}",
    "array": b"[" * 100_000,
}
# Every path of the API that takes JSON.
TAKES_JSON = [
    ("POST", "/api/auth/register"),
    ("POST", "/api/auth/login"),
    ("PATCH", "/api/profile/me"),
    ("POST", "/api/trips"),
    ("PATCH", "/api/trips/{trip}"),
    ("POST", "/api/trips/{trip}/products"),
    ("PATCH", "/api/products/{product}"),
    ("POST", "/api/trips/{trip}/join"),
    ("POST", "/api/orders"),
    ("PATCH", "/api/orders/{order}/confirm"),
    ("PATCH", "/api/orders/{order}/reject"),
    ("PATCH", "/api/orders/{order}/ship"),
]


@pytest.fixture
async def limited(settings: Settings, database_url: URL) -> AsyncIterator[httpx.AsyncClient]:
    """A stranger at an instance with its limits on."""
    known = {"rate_limits": "on", "wa_number": "+628111000111"}
    app = create_app(build_registry(Instance(settings.model_copy(update=known), database_url, None), "web"))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("203.0.113.9", 40_000))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        yield client


@pytest.fixture
async def ids(journey) -> dict[str, Any]:
    """What addresses are made of."""
    product, person = await make_product(journey), await make_participant(journey)
    placed = await order(journey, person, (product, 1))
    return {
        "trip": journey.id,
        "slug": journey.trip.slug,
        "product": product.id,
        "goods": product.slug,
        "order": placed.id,
        "person": person.id,
        "merchant": journey.merchant.slug,
    }


def disguised(number: int) -> dict[str, str]:
    """Each request from somewhere else, if one believes it."""
    address = f"198.51.{number}.7"
    return {name: f"for={address}" if name == "Forwarded" else address for name in CLAIMS}


@pytest.mark.parametrize(
    ("path", "body", "most"),
    [
        ("/api/auth/login", {"email": "tina@contoh.id", "password": "salah-sekali-42"}, 60),
        ("/api/auth/register", {"email": "tina{number}@contoh.id", "password": "x", "fullName": "T"}, 60),
        ("/api/trips/{trip}/join", {"phone": "0812345678{number:02d}", "name": "Siti"}, 10),
        ("/api/orders", {"productId": "{product}", "participantId": "{person}", "quantity": 1}, 60),
    ],
)
async def test_a_claimed_address_and_other_spelling_make_no_new_caller(
    limited, ids, settings: Settings, path, body, most
):
    statuses = []
    limited.headers["X-Participant-Token"] = ParticipantTokens(settings.secret).make(ids["person"])
    for number in range(most + 1):
        said = {
            name: value.format(number=number, **ids) if isinstance(value, str) else value
            for name, value in body.items()
        }
        spelled = path.format(**ids).replace("/api/", "/%61pi/" if number % 2 else "/api/")
        answer = await limited.post(spelled, json=said, headers=disguised(number))
        statuses.append(answer.status_code)
        if answer.status_code == 429:
            break

    assert (statuses[0] == 429, statuses[-1]) == (False, 429)


@pytest.mark.parametrize(
    ("page", "path", "fields"),
    [
        ("/join?trip={slug}", "/join", {"trip": "{slug}", "name": "Siti"}),
        ("/unsubscribe?trip={slug}", "/unsubscribe", {"trip": "{slug}"}),
        ("/u/{slug}", "/u/{slug}", {}),
    ],
)
async def test_the_pages_count_whoever_asks_whatever_they_claim(limited, ids, page, path, fields):
    shown = (await limited.get("/backoffice/login")).text
    token = shown.partition('name="csrf_token" value="')[2].partition('"')[0]
    form = {name: value.format(**ids) for name, value in fields.items()} | {"csrf_token": token}

    statuses = [
        (await limited.post(path.format(**ids), data=form, headers=disguised(number))).status_code
        for number in range(31)
    ]

    assert (429 in statuses[:30], statuses[30]) == (False, 429)


async def test_the_word_that_verifies_the_webhook_is_not_tried_for_ever(limited):
    asked = {"hub.mode": "subscribe", "hub.challenge": "1"}

    statuses = [
        (
            await limited.get(
                "/api/webhooks/whatsapp",
                params={**asked, "hub.verify_token": str(number)},
                headers=disguised(number),
            )
        ).status_code
        for number in range(31)
    ]

    assert statuses == [403] * 30 + [429]


async def test_guessing_whose_order_to_rate_ends_for_the_right_code_too(limited, journey):
    placed = await order(journey, await make_participant(journey), (await make_product(journey), 1))
    shown = (await limited.get("/backoffice/login")).text
    form = {"score": "1", "csrf_token": shown.partition('name="csrf_token" value="')[2].partition('"')[0]}

    misses = [
        (await limited.post(f"/b/{number:013d}/rating", data=form, headers=disguised(number))).status_code
        for number in range(20)
    ]
    right = await limited.post(f"/b/{placed.code}/rating", data=form)
    paper = await limited.get(f"/b/{placed.code}/invoice.pdf")

    assert (misses, right.status_code, paper.status_code) == ([404] * 20, 429, 429)


@pytest.mark.parametrize(
    "path",
    [
        *("/api/health", "/api/trips/{trip}/products", "/api/profile/{merchant}", "/{merchant}", "/t/{slug}"),
        *(
            "/o/{goods}",
            "/u/{slug}",
            "/join?trip={slug}",
            "/order?product={goods}",
            "/profile?user={merchant}",
        ),
        *("/unsubscribe?trip={slug}", "/jastip", "/admin/queues", "/api/webhooks/whatsapp"),
    ],
)
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:80"])
async def test_a_host_that_is_not_ours_is_answered_nothing(client, ids, path, host):
    answer = await client.get(path.format(**ids), headers={"host": host, "x-forwarded-host": host})

    assert answer.status_code in {400, 421}
    assert "location" not in answer.headers


def test_links_in_chats_begin_with_the_base_url_alone(settings: Settings, database_url: URL):
    known = settings.model_copy(update={"base_url": "https://tiket.example/"})
    links = build_registry(Instance(known, database_url, None), "worker")[Links]
    somebody = new_id()

    made = [
        links.trip("jpn25", somebody),
        links.product("pd1", somebody),
        links.leave("jpn25", somebody),
        links.pay("A1"),
    ]

    assert [link.split("/", 3)[:3] for link in made] == [["https:", "", "tiket.example"]] * 4


@pytest.mark.parametrize(("method", "path"), TAKES_JSON)
async def test_endless_json_is_refused(client, program, journey, ids, method, path):
    asking = client if path.startswith("/api/auth") else await program(journey.merchant)

    answers = [
        await asking.request(method, path.format(**ids), content=body, headers=JSON)
        for body in ENDLESS.values()
    ]

    assert [answer.status_code in range(400, 500) for answer in answers] == [True] * len(ENDLESS)


@pytest.mark.parametrize(
    "query",
    [{"limit": 10**9}, {"limit": 101}, {"limit": "9" * 5_000}, {"cursor": "9" * 200}, {"page": 10**9}],
)
@pytest.mark.parametrize("path", ["/api/orders/{trip}", "/api/trips/{trip}/participants"])
async def test_a_page_that_is_too_long_or_too_far_is_refused_or_the_first(
    program, journey, ids, count_page_queries, path, query
):
    owner = await program(journey.merchant)
    with count_page_queries() as usual:
        first = await owner.get(path.format(**ids))
    with count_page_queries() as queries:
        answer = await owner.get(path.format(**ids), params=query)

    assert answer.status_code in ({200} if "page" in query else {400, 422})
    assert len(queries) <= len(usual)
    assert "page" not in query or answer.content == first.content


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/t//evil.example",
            "/t/%2F%2Fevil.example",
            "/t/%5Cevil.example",
            "/o/https:evil.example",
            "//evil.example",
        ),
        *("/u/%2F%2Fevil.example", "/%2F%2Fevil.example", "/%5C%5Cevil.example", "/https:%2F%2Fevil.example"),
        *("/join?trip=//evil.example", "/order?product=https://evil.example", "/unsubscribe?trip=%5Cevil"),
    ],
)
async def test_no_link_of_ours_leads_elsewhere(client, path):
    answer = await client.get(f"http://127.0.0.1{path}")

    assert answer.status_code in {400, 404}
    assert "location" not in answer.headers


@pytest.mark.parametrize("way", ["?next=//evil.example", "?trip=//evil.example&next=https:evil.example"])
@pytest.mark.parametrize(
    "path", ["/t/{slug}", "/o/{goods}", "/u/{slug}", "/{merchant}", "/dashboard", "/jastip"]
)
async def test_a_link_leads_where_it_says_whatever_is_added_to_it(client, ids, path, way):
    answer = await client.get(path.format(**ids) + way, headers={"accept": "text/html"})

    led = answer.headers["location"]
    assert answer.status_code in {302, 303, 307}
    assert (led.startswith("/"), led[1:2] in {"/", "\\"}) == (True, False)
    # A way back is ours too: the page that was asked for, however it was asked.
    assert led.partition("?")[0] in {
        "/join",
        "/order",
        "/unsubscribe",
        "/profile",
        "/account/login",
        "/jastip",
    }


def forged(secret: bytes, person: UUID) -> list[str]:
    """What is no token of this person: nothing, another's, one for another purpose, one with another end."""
    tokens = ParticipantTokens(secret)
    mine = tokens.make(person)
    return [
        *(
            "",
            "x",
            person.hex,
            f"{person.hex}.",
            mine[:-1],
            mine[:-2] + ("AA" if mine[-2:] != "AA" else "BB"),
        ),
        *(
            tokens.make(new_id()),
            Signer(secret, "links").sign(person.hex),
            Signer(b"x" * 32, "participant").sign(person.hex),
        ),
    ]


async def test_a_link_to_leave_cannot_be_guessed_and_tells_nobody_who_takes_part(
    client, database, journey, settings: Settings
):
    person = await make_participant(journey)
    somebody, nobody = (f"/api/participants/{one}/unsubscribe" for one in (person.id, new_id()))

    answers = [
        await client.patch(path, headers={"X-Participant-Token": token})
        for token in forged(settings.secret, person.id)
        for path in (somebody, nobody)
    ]
    clicks = [
        await client.post(f"/u/{journey.trip.slug}?p={token}") for token in forged(settings.secret, person.id)
    ]

    told = [{**answer.json(), "request_id": "", "instance": ""} for answer in answers]
    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert told == [told[0]] * len(told)
    assert [(click.status_code, click.content) for click in clicks] == [(202, b"")] * len(clicks)
    async with database.read(journey.staff) as session:
        assert (await session.get_one(type(person), person.id)).unsubscribed_at is None
