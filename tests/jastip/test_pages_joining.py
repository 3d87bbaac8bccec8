"""A trip's page: joining over WhatsApp, on somebody's invitation, and being pending until the chat confirms it."""

from urllib.parse import quote, urlsplit

import pytest
from sqlalchemy import select

from pesan.jastip.models import Participant
from pesan.jastip.service.trips import amend_trip
from pesan.jastip.states import JoinState
from tests.jastip.visiting import post, token_of, visiting
from tests.support.factories import SYSTEM
from tests.support.trips import make_journey, make_participant, make_product

NUMBER = "+6281234500000"
NASTY = "<script>alert(1)</script>"


@pytest.fixture
def settings(settings, request):
    return settings.model_copy(update={"wa_number": NUMBER, **getattr(request, "param", {})})


@pytest.fixture
async def journey(make, database, settings):
    return await make_journey(make, database, settings, description=f"Ke Osaka {NASTY}")


async def people(database):
    async with database.read(SYSTEM) as session:
        return (await session.scalars(select(Participant).order_by(Participant.created_at))).all()


async def test_page_shows_the_trip_and_its_products_in_both_languages(app, journey):
    await make_product(journey, title="Kit Kat Matcha")
    await make_product(journey, title="Tokyo Banana", stock=0)
    for locale, word in (("id", "Ikut lewat WhatsApp"), ("en", "Join over WhatsApp")):
        async with visiting(app, locale=locale) as guest:
            page = (await guest.get(f"/join?trip={journey.trip.slug.upper()}")).text
        assert [part in page for part in (word, "Kit Kat Matcha", "Tokyo Banana", "100.000")] == [True] * 4
        assert NASTY not in page


@pytest.mark.parametrize("query", ["", "?trip=", "?trip=tidakada", "?trip=" + "x" * 3000])
async def test_unknown_trip_is_a_404(app, query):
    async with visiting(app) as guest:
        assert (await guest.get(f"/join{query}")).status_code == 404


@pytest.mark.parametrize("settings", [{"wa_url": "http://127.0.0.1:8123"}], indirect=True)
async def test_chat_opens_at_the_stand_in_where_it_runs(app, journey):
    page = f"/join?trip={journey.trip.slug}"
    async with visiting(app) as guest:
        policy = (await guest.get(page)).headers["content-security-policy"]
        joined = await post(guest, page, "/join", trip=journey.trip.slug, name="Siti")

    message = quote(f"JOIN {journey.trip.slug} | Nama: Siti", safe="")
    assert joined.headers["location"] == f"http://127.0.0.1:8123/{NUMBER[1:]}?text={message}"
    assert "form-action 'self' http://127.0.0.1:8123 https://wa.me" in policy


async def test_name_alone_opens_the_chat_and_writes_nothing(app, database, journey):
    page = f"/join?trip={journey.trip.slug}"
    async with visiting(app) as guest:
        answer = await post(
            guest, page, "/join", trip=journey.trip.slug, name="Siti & Ani'", next="//evil.id"
        )
        accepted = await post(
            guest, page, "/join", trip=journey.trip.slug, name="Siti Nur'aini", r="abcd2345"
        )

    message = f"JOIN {journey.trip.slug} | Nama: Siti Nur'aini | Kode: ABCD2345"
    assert (answer.status_code, accepted.status_code) == (422, 303)
    assert accepted.headers["location"] == f"https://wa.me/{NUMBER[1:]}?text={quote(message, safe='')}"
    assert await people(database) == []


async def test_number_makes_a_pending_participant_and_tells_nobody_who_takes_part(app, database, journey):
    page = f"/join?trip={journey.trip.slug}"
    taken = await make_participant(journey)
    async with visiting(app) as guest:
        answers = [
            await post(guest, page, "/join", trip=journey.trip.slug, name="Budi Santoso", wa=number)
            for number in ("0812-9999-0000", "0812-9999-0000", taken.wa)
        ]
        shown = await guest.get(page)

    assert len({(answer.status_code, answer.headers["location"]) for answer in answers}) == 1
    assert [(person.wa, person.state) for person in await people(database)] == [
        (taken.wa, JoinState.JOINED),
        ("+6281299990000", JoinState.PENDING),
    ]
    # Whoever typed a number has not shown that it is theirs.
    assert "Kamu sudah ikut" not in shown.text


async def test_qr_holds_the_same_link_and_the_form_may_lead_to_the_chat_alone(app, journey):
    page = f"/join?trip={journey.trip.slug}"
    async with visiting(app) as guest:
        answer = await post(guest, page, "/join", trip=journey.trip.slug, name="Siti Aminah", **{"as": "qr"})
        policy = (await guest.get(page)).headers["content-security-policy"]

    assert (answer.status_code, 'class="qr"' in answer.text, "https://wa.me/" in answer.text) == (
        200,
        True,
        True,
    )
    actions = next(part for part in policy.split("; ") if part.startswith("form-action"))
    hosts = {urlsplit(source).netloc for source in actions.split() if source.startswith("https:")}
    assert hosts == {"wa.me", "api.whatsapp.com", "web.whatsapp.com"}


async def test_closed_trip_says_so_and_takes_nobody(app, database, journey):
    page = f"/join?trip={journey.trip.slug}"
    async with visiting(app) as guest:
        token = await guest.token(page)
        async with database.write(SYSTEM) as session:
            await amend_trip(session, journey.id, said={"is_active": False}, actor=SYSTEM)
        shown = await guest.get(page)
        form = {"trip": journey.trip.slug, "name": "Siti Aminah", "wa": "081299990000", "csrf_token": token}
        answer = await guest.client.post("/join", data=form)

    assert "Trip ini sudah ditutup" in shown.text
    assert answer.status_code == 409
    assert await people(database) == []


async def test_participant_sees_their_invitation_and_how_many_came_by_it(app, registry, journey):
    person = await make_participant(journey)
    await make_participant(journey, referral_code=person.referral_code)
    await make_participant(journey, referral_code=person.referral_code, state=JoinState.PENDING)
    async with visiting(app) as guest:
        await guest.get(f"/t/{journey.trip.slug}?p={token_of(registry, person)}")
        page = (await guest.get(f"/join?trip={journey.trip.slug}")).text
    async with visiting(app) as stranger:
        other = (await stranger.get(f"/join?trip={journey.trip.slug}&r={person.referral_code}")).text

    assert f"/t/{journey.trip.slug}?r={person.referral_code}" in page
    assert "1 orang ikut lewat tautanmu" in page
    assert (f'value="{person.referral_code}"' in other, person.name in other) == (True, False)
