"""What people typed of trips is text wherever it is shown: to shoppers, jastipers and the platform, and on paper."""

import re
from collections.abc import AsyncIterator

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from pesan.checkout.letters import letter_composers
from pesan.jastip.service.orders import confirm_order, reject_order, ship_order
from pesan.jastip.service.prices import NewPrice, propose_price
from pesan.jastip.service.ratings import Said, rate_order, report_rating
from pesan.jastip.tokens import ParticipantTokens
from pesan.kit.registry import Registry
from pesan.notifications.render import render
from pesan.notifications.states import Kind
from pesan.notifications.whatsapp import chat_of
from pesan.orders.models import Order
from pesan.settings import Settings
from tests.backoffice.conftest import Team, picture
from tests.backoffice.test_jastip import page_of, place
from tests.checkout.conftest import deps
from tests.checkout.test_documents import texts
from tests.support.factories import SYSTEM
from tests.support.trips import Journey, make_journey, make_participant, make_product, order

__all__ = ["deps"]
NASTY = "\"'></script><script>alert(1)</script><img src=x onerror=alert(1)>{{7331*7919}}"
# A tag that came through would begin like one of these, and an expression that was worked out would be a number.
LIVE = re.compile("<script>alert|<img src=x|58054189")
TYPST = '#read("/etc/passwd") $1$ *x* '
COLUMNS = {
    "merchants": ["name"],
    "profiles": ["bio"],
    "events": ["title", "description", "summary"],
    "ticket_types": ["name"],
    "products": ["description", "shop"],
    "participants": ["name"],
    "orders": ["buyer_name", "notes", "reject_reason"],
    "order_lines": ["title"],
    "trip_orders": ["courier", "tracking_no"],
    "price_proposals": ["note"],
    "ratings": ["words", "shown_name"],
    "broadcasts": ["text"],
    "chat_contacts": ["profile_name"],
    "users": ["name"],
}


def poison(owner: psycopg.Connection, text: str = NASTY) -> None:
    """Past every check, as far as a column is long."""
    for table, columns in COLUMNS.items():
        for column in columns:
            length = owner.execute(
                "SELECT coalesce(character_maximum_length, 500) FROM information_schema.columns"
                " WHERE table_name = %s AND column_name = %s",
                (table, column),
            ).fetchone()
            assert length is not None, f"{table}.{column}"
            # A parcel is that of an order that was sent.
            where = "WHERE courier IS NOT NULL" if table == "trip_orders" else ""
            owner.execute(f"UPDATE {table} SET {column} = left(%s, %s) {where}", (text, length[0]))


@pytest.fixture
async def journey(team: Team, settings: Settings) -> Journey:
    return await make_journey(team.make, team.database, settings, team.merchant)


@pytest.fixture
async def orders(team: Team, journey: Journey) -> list[Order]:
    """One waits with its proof, one was sent and rated, one rejected, one is asked for another price."""
    waits = await place(team, journey, proof=picture())
    sent, rejected = await place(team, journey), await place(team, journey)
    await confirm_order(journey.counter, sent, actor=journey.staff)
    paid = await team.order(sent)
    await ship_order(journey.counter, paid, actor=journey.staff, courier="JNE", tracking_no="CGK123")
    await reject_order(journey.counter, rejected, actor=journey.staff, reason="Habis")
    async with team.database.write(SYSTEM) as session:
        await rate_order(session, await team.order(sent), Said(5, "Cepat"))
        await report_rating(session, sent.id)
    product, buyer = await make_product(journey), await make_participant(journey)
    asked = await order(journey, buyer, (product, 1))
    await confirm_order(journey.counter, asked, actor=journey.staff)
    async with team.database.write(journey.staff) as session:
        wish = NewPrice(product.id, 120_000, "Naik di toko")
        await propose_price(session, wish, trip_id=journey.id, actor=journey.staff)
    return [waits, sent, rejected, asked]


@pytest.fixture
async def shopper(
    journey: Journey, orders: list[Order], registry: Registry, app: FastAPI
) -> AsyncIterator[httpx.AsyncClient]:
    """Who takes part, and knows the codes of all orders."""
    person = await make_participant(journey)
    token = registry[ParticipantTokens].make(person.id)
    transport = httpx.ASGITransport(app)
    cookies = {"pesan_codes": ".".join(one.code for one in orders)}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", cookies=cookies) as client:
        await client.get(f"/t/{journey.trip.slug}?p={token}")
        yield client


def judge(found: dict[str, httpx.Response]) -> None:
    assert {page: answer.status_code for page, answer in found.items() if answer.status_code != 200} == {}
    assert [page for page, answer in found.items() if LIVE.search(answer.text)] == []
    assert [page for page, answer in found.items() if "alert(1)" not in answer.text] == []
    policies = {answer.headers["content-security-policy"] for answer in found.values()}
    assert [policy for policy in policies if "unsafe" in policy] == []


async def test_nothing_becomes_markup_on_the_pages_of_shoppers(
    journey: Journey, orders: list[Order], shopper: httpx.AsyncClient, postgres, database_url
):
    product = (await shopper.get(f"/api/trips/{journey.id}/products")).json()["products"][0]
    with postgres.connect(database_url.database) as owner:
        poison(owner)
    pages = [
        f"/profile?user={journey.merchant.slug}",
        f"/join?trip={journey.trip.slug}",
        f"/order?product={product['slug']}",
        f"/unsubscribe?trip={journey.trip.slug}",
        f"/profile/ratings/{orders[1].id}/report",
        *(f"/b/{one.code}" for one in orders),
        *(f"/b/{one.code}/invoice" for one in orders),
        f"/b/{orders[3].code}/prices",
    ]

    judge({page: await shopper.get(page, headers={"accept": "text/html"}) for page in pages})


@pytest.mark.parametrize("role", ["organizer", "admin"])
async def test_nothing_becomes_markup_at_the_jastipers_desk(
    team: Team, journey: Journey, orders: list[Order], postgres, database_url, role: str
):
    browser, trip = await team.sign_in(role), page_of(journey)
    broadcasts = f"{trip}/broadcasts"
    typed = {"words": "Besok", "audience": "all", "starts_at": "2099-05-01T20:00", "seen": "Besok"}
    await browser.submit(broadcasts, broadcasts, typed)
    product = (await browser.get(f"/api/trips/{journey.id}/products")).json()["products"][0]
    with postgres.connect(database_url.database) as owner:
        poison(owner)
    pages = [
        *(f"/jastip/{journey.merchant.slug}/analytics", f"{trip}/analytics", f"{trip}/shopping"),
        *(f"/jastip/{journey.merchant.slug}", trip, f"{trip}/edit", f"{trip}/products", f"{trip}/people"),
        *(f"{trip}/products/{product['id']}/delete", f"{trip}/people?q=%3Cscript%3Ealert(1)%3C/script%3E"),
        *(broadcasts, f"{team.path}/review", f"{team.path}/review/{orders[0].code}", f"{team.path}/bookings"),
        *(f"{team.path}/bookings/{one.code}" for one in orders),
        *(["/backoffice/ratings"] if role == "admin" else []),
    ]

    judge({page: await browser.get(page, follow_redirects=True) for page in pages})


async def test_nothing_becomes_markup_in_letters(orders: list[Order], deps: Registry, postgres, database_url):
    with postgres.connect(database_url.database) as owner:
        poison(owner)
    composers = letter_composers(deps)
    kinds = [Kind.PROOF_RECEIVED, Kind.ORDER_CONFIRMED, Kind.PARCEL_SENT, Kind.REJECTED, Kind.CANCELLED]

    letters = [await composers.of(kind).compose(one.id, kind) for kind in kinds for one in orders]
    sent = [letter for letter in letters if letter is not None]

    assert {letter.kind for letter in sent} >= {Kind.PARCEL_SENT}
    assert [letter.kind for letter in sent if LIVE.search(render(letter).html)] == []
    assert [letter.kind for letter in sent if "alert(1)" not in render(letter).html] == []
    assert [letter.kind for letter in sent if "alert(1)" not in str(chat_of(letter))] == []


async def test_what_was_typed_is_no_program_on_paper(
    journey: Journey, orders: list[Order], shopper: httpx.AsyncClient, postgres, database_url
):
    with postgres.connect(database_url.database) as owner:
        poison(owner, TYPST)

    paper = await shopper.get(f"/b/{orders[1].code}/invoice.pdf")

    words = " ".join(texts(paper.content))
    assert (paper.status_code, "root:" in words) == (200, False)
    assert words.count('#read("/etc/passwd") $1$ *x*') >= 2
