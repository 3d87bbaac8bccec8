"""Ratings: said once by whoever was sent something, shown with masked names, reported by anybody, hidden by people."""

import httpx
import pytest
from sqlalchemy import text

from pesan.identity.states import PlatformRole
from pesan.jastip.models import Rating
from pesan.jastip.service.orders import confirm_order, ship_order
from pesan.jastip.service.ratings import report_rating
from pesan.orders.queries import get_order
from tests.jastip.visiting import post, visiting
from tests.storefront.guest import Guest
from tests.support.factories import SYSTEM
from tests.support.trips import make_journey, make_participant, make_product, order

NASTY = "<script>alert(1)</script>"


@pytest.fixture
async def journey(make, database, settings):
    return await make_journey(make, database, settings)


@pytest.fixture
async def placed(journey):
    return await order(journey, await make_participant(journey), (await make_product(journey), 1))


async def ship(database, journey, placed):
    await confirm_order(journey.counter, placed, actor=journey.staff)
    async with database.read(SYSTEM) as session:
        paid = await get_order(session, placed.id)
    await ship_order(journey.counter, paid, actor=journey.staff, courier="JNE", tracking_no=None)


async def find(database, placed):
    async with database.read(SYSTEM) as session:
        return await session.get(Rating, placed.id)


async def seen(guest, journey) -> tuple[bool, bool, float | None]:
    """Whether the profile shows the average and the words, and what programs are told."""
    page = (await guest.get(f"/profile?user={journey.merchant.slug}")).text
    answer = (await guest.get(f"/api/profile/{journey.merchant.slug}")).json()
    return "penilaian)" in page, "Cepat sekali" in page, answer["user"]["rating"]


async def test_order_is_rated_once_after_it_was_sent(app, database, journey, placed):
    page, path = f"/b/{placed.code}", f"/b/{placed.code}/rating"
    async with visiting(app) as guest:
        early = await post(guest, f"/pay/{placed.code}", path, score="5")
        before = await seen(guest, journey)
        await ship(database, journey, placed)
        wrong = [await post(guest, page, path, score=score) for score in ("", "0", "6")]
        token = await guest.token(page)
        said = [
            await guest.client.post(path, data={"csrf_token": token, "score": score, "words": words})
            for score, words in (("4", f"Cepat sekali {NASTY}"), ("1", "Buruk"))
        ]
        after, shown = await seen(guest, journey), (await guest.get(page)).text
        profile = (await guest.get(f"/profile?user={journey.merchant.slug}")).text

    assert (early.status_code, [answer.status_code for answer in wrong]) == (409, [422] * 3)
    assert [answer.status_code for answer in said] == [303, 303]
    assert (before, after) == ((False, False, None), (True, True, 4.0))
    assert ("Penilaianmu" in shown, NASTY in profile, placed.buyer_name in profile) == (True, False, False)
    assert "s***a" in profile
    rating = await find(database, placed)
    assert (rating.score, rating.shown_name) == (4, "s***a")


async def test_nobody_rates_an_order_without_its_code(app, database, journey, placed):
    await ship(database, journey, placed)
    async with visiting(app) as guest:
        token = await guest.token(f"/b/{placed.code}")
        answer = await guest.client.post("/b/ZZZZZZZZZZZZZ/rating", data={"csrf_token": token, "score": "1"})
    assert (answer.status_code, await find(database, placed)) == (404, None)


async def test_reported_rating_stays_until_people_hide_it(app, make, database, journey, placed):
    await ship(database, journey, placed)
    async with database.write(SYSTEM) as session:
        row = {"order_id": placed.id, "merchant_id": journey.merchant.id, "score": 1}
        session.add(Rating(**row, words="Cepat sekali marah", shown_name="s***a"))
    path = f"/profile/ratings/{placed.id}/report"
    async with visiting(app) as guest:
        asked = await post(guest, path, path)
        async with database.write(SYSTEM) as session:
            names = (await session.scalars(text("SELECT task_name FROM procrastinate_jobs"))).all()
            await report_rating(session, placed.id)
        reported = await seen(guest, journey)
        cookies = await make.session_of(await make.user(platform_role=PlatformRole.ADMIN))
        transport = httpx.ASGITransport(app)
        headers = {"accept": "text/html"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", cookies=cookies, headers=headers
        ) as client:
            desk = Guest(client)
            listed = (await desk.get("/backoffice/ratings")).text
            decided = await post(
                desk, "/backoffice/ratings", f"/backoffice/ratings/{placed.id}", verdict="hide"
            )
            left = (await desk.get("/backoffice/ratings")).text
        hidden, gone = await seen(guest, journey), await guest.get(path)

    assert (asked.status_code, names.count("jastip.report_rating")) == (303, 1)
    assert ("Cepat sekali marah" in listed, decided.status_code, "Cepat sekali marah" in left) == (
        True,
        303,
        False,
    )
    assert (reported, hidden, gone.status_code) == ((True, True, 1.0), (False, False, None), 404)


async def test_a_rating_without_a_score_is_asked_for_again_with_what_was_typed(
    app, database, journey, placed
):
    await ship(database, journey, placed)
    page, path = f"/b/{placed.code}", f"/b/{placed.code}/rating"
    async with visiting(app) as guest:
        blank = await post(guest, page, path, words=f"Cepat sekali {NASTY}")
        long = await post(guest, page, path, score="4", words="a" * 301)

    assert [answer.status_code for answer in (blank, long)] == [422, 422]
    assert ("Pilih 1 sampai 5." in blank.text, "Singkatkan" in blank.text) == (True, False)
    assert ("Cepat sekali &lt;script&gt;" in blank.text, NASTY in blank.text) == (True, False)
    assert ("Singkatkan" in long.text, 'value="4" checked' in long.text) == (True, True)
    assert await find(database, placed) is None
