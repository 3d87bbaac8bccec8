"""Short links: where they lead, that visits are counted and nobody is kept, and what the root's words are."""

import pytest
from sqlalchemy import select, text

from pesan.app.web import create_app
from pesan.jastip.models import ShortlinkVisit
from pesan.web.access import list_routes
from pesan.web.reserved import reserved_words
from tests.jastip.visiting import token_of, visiting
from tests.support.factories import SYSTEM
from tests.support.trips import make_journey, make_participant, make_product


@pytest.fixture
async def journey(make, database, settings):
    return await make_journey(make, database, settings)


async def test_links_lead_where_the_document_says_whatever_their_case(app, journey):
    product = await make_product(journey)
    slug, owner = journey.trip.slug, journey.merchant.slug
    leads = {
        f"/{owner}": f"/profile?user={owner}",
        f"/{owner.upper()}": f"/profile?user={owner}",
        f"/t/{slug}": f"/join?trip={slug}",
        f"/t/{slug.upper()}": f"/join?trip={slug}",
        f"/t/{slug}?r=abcd2345": f"/join?trip={slug}&r=ABCD2345",
        f"/o/{product.slug}": f"/order?product={product.slug}",
        f"/u/{slug}": f"/unsubscribe?trip={slug}",
    }
    async with visiting(app) as guest:
        found = {path: await guest.get(path) for path in leads}

    assert {path: answer.headers.get("location") for path, answer in found.items()} == leads
    assert {answer.status_code for answer in found.values()} == {302}


async def test_a_merchants_page_without_events_leads_to_open_trips(app, make, database, settings, journey):
    sells_both, closed = await make.merchant(), await make.merchant()
    await make.event(merchant=sells_both)
    await make_journey(make, database, settings, sells_both)
    await make_journey(make, database, settings, closed, is_active=False)
    async with visiting(app) as guest:
        led = await guest.get(f"/m/{journey.merchant.slug}")
        stayed = [
            await guest.get(path)
            for path in (
                f"/m/{sells_both.slug}",
                f"/m/{closed.slug}",
                f"/m/{journey.merchant.slug}?q=osaka",
            )
        ]

    assert (led.status_code, led.headers.get("location")) == (302, f"/profile?user={journey.merchant.slug}")
    assert [answer.status_code for answer in stayed] == [200] * 3


@pytest.mark.parametrize(
    "path", ["/tidak-ada", "/t/tidakada", "/o/tidakada", "/u/tidakada", "/a.b", "/BOOTHS/"]
)
async def test_unknown_links_are_the_houses_404(app, path):
    async with visiting(app) as guest:
        answer = await guest.get(path)
    assert (answer.status_code, "Tidak ditemukan" in answer.text) == (404, True)


async def test_visits_are_counted_by_day_without_cookies_and_robots_are_not(app, database, journey):
    async with visiting(app) as guest:
        for agent in ("Mozilla/5.0", "Mozilla/5.0", "WhatsApp/2.23 A", "Googlebot/2.1"):
            answer = await guest.client.get(f"/t/{journey.trip.slug}", headers={"user-agent": agent})
            assert "set-cookie" not in answer.headers

    async with database.read(SYSTEM) as session:
        rows = (await session.scalars(select(ShortlinkVisit))).all()
        columns = set(ShortlinkVisit.__table__.columns.keys())
    assert sum(row.visits for row in rows) == 2
    assert {(row.kind, row.target_id) for row in rows} == {("trip", journey.id)}
    assert columns == {"kind", "target_id", "day", "shard", "merchant_id", "visits"}


async def test_token_in_a_link_becomes_a_cookie_and_leaves_the_address(app, registry, journey):
    person = await make_participant(journey)
    async with visiting(app) as guest:
        forged = await guest.get(f"/t/{journey.trip.slug}?p=bukan.token")
        answer = await guest.get(f"/t/{journey.trip.slug}?p={token_of(registry, person)}")
        page = await guest.get(answer.headers["location"])

    assert "set-cookie" not in forged.headers
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert answer.headers["location"] == f"/join?trip={journey.trip.slug}"
    assert "Kamu sudah ikut" in page.text


async def test_words_of_the_route_table_are_nobodys_address(registry):
    app = create_app(registry)
    firsts = {route.path.strip("/").partition("/")[0] for route in list_routes(app)}
    own = {first for first in firsts if first and "{" not in first}

    assert own - reserved_words(app) == set()
    assert {"static", "me", "_next", "invite", "dashboard", "sitemap.xml"} <= reserved_words(app)
    assert list_routes(app)[-1].path == "/{slug}"


async def test_reserved_word_leads_nowhere_even_where_a_merchant_has_it(app, make, database):
    merchant = await make.merchant()
    async with database.write(SYSTEM) as session:
        await session.execute(
            text("UPDATE merchants SET slug = 'invite' WHERE id = :id"), {"id": merchant.id}
        )
    async with visiting(app) as guest:
        assert (await guest.get("/invite")).status_code == 404
