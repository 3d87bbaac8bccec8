"""A jastiper's public profile: what anybody sees, in a page that any cache may keep."""

import pytest

from pesan.jastip.service.profiles import amend_profile
from tests.jastip.visiting import token_of, visiting
from tests.support.factories import SYSTEM
from tests.support.trips import make_journey, make_participant, make_product

NASTY = "<script>alert(1)</script>"


@pytest.fixture
async def journey(make, database, settings):
    return await make_journey(make, database, settings, title="Jastip Osaka")


async def test_profile_shows_open_trips_with_their_products(app, make, database, settings, journey):
    await make_product(journey, title="Kit Kat Matcha")
    said = {
        "bio": f"Korea & Jepang {NASTY}",
        "avatar_key": "avatars/x/1.webp",
        "cover_key": "covers/x/2.webp",
    }
    async with database.write(SYSTEM) as session:
        await amend_profile(session, journey.merchant.id, said=said, actor=SYSTEM)
    closed = await make_journey(
        make, database, settings, journey.merchant, title="Jastip Lama", is_active=False
    )
    async with visiting(app) as guest:
        page = await guest.get(f"/profile?user={journey.merchant.slug.upper()}")
        unknown = [
            await guest.get(f"/profile{query}") for query in ("", "?user=", "?user=tidak-ada", "?user=a b")
        ]

    assert [part in page.text for part in (journey.merchant.name, "Jastip Osaka", "Kit Kat Matcha")] == [
        True
    ] * 3
    assert [
        part in page.text
        for part in ("Korea &amp; Jepang", "/media/avatars/x/1-small.webp", "/media/covers/x/2.webp 1600w")
    ] == [True] * 3
    assert (closed.trip.slug in page.text, NASTY in page.text) == (False, False)
    assert [answer.status_code for answer in unknown] == [404] * 4


async def test_profile_may_be_kept_and_holds_nothing_of_a_visitor(app, registry, journey):
    person = await make_participant(journey)
    async with visiting(app) as guest:
        await guest.get(f"/t/{journey.trip.slug}?p={token_of(registry, person)}")
        page = await guest.get(f"/profile?user={journey.merchant.slug}")
        theme = await guest.get(f"/profile/{journey.merchant.slug}/theme.css")

    assert page.headers["cache-control"] == "public, max-age=300"
    assert {"Accept-Language", "Cookie"} <= {part.strip() for part in page.headers["vary"].split(",")}
    assert [name for name in ("set-cookie", "x-server-time") if name in page.headers] == []
    assert [word for word in ("nonce", "csrf_token", person.name) if word in page.text] == []
    assert "nonce" not in page.headers["content-security-policy"]
    assert (theme.headers["content-type"].split(";")[0], "--accent" in theme.text) == ("text/css", True)
