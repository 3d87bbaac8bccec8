"""Hearing no more of a trip: by a link, by a mail program's button, or in the chat, without telling who takes part."""

from urllib.parse import quote

import pytest

from pesan.jastip.models import Participant
from tests.jastip.visiting import post, token_of, visiting
from tests.support.factories import SYSTEM
from tests.support.trips import make_journey, make_participant

NUMBER = "+6281234500000"


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"wa_number": NUMBER})


@pytest.fixture
async def journey(make, database, settings):
    return await make_journey(make, database, settings)


async def has_left(database, person) -> bool:
    async with database.read(SYSTEM) as session:
        return (await session.get_one(Participant, person.id)).unsubscribed_at is not None


async def test_one_button_leaves_and_another_takes_it_back(app, registry, database, journey):
    person, other = [await make_participant(journey) for _ in range(2)]
    page = f"/unsubscribe?trip={journey.trip.slug}"
    seen = []
    async with visiting(app) as guest:
        await guest.get(f"/u/{journey.trip.slug}?p={token_of(registry, person)}")
        assert not await has_left(database, person)  # a link that is only opened changes nothing
        for do in ("leave", "leave", "undo"):
            answer = await post(guest, page, "/unsubscribe", trip=journey.trip.slug, do=do)
            assert (answer.status_code, answer.headers["location"]) == (303, page)
            seen.append(
                (await has_left(database, person), "Baik, kami berhenti" in (await guest.get(page)).text)
            )

    assert seen == [(True, True), (True, True), (False, False)]
    assert not await has_left(database, other)


async def test_without_a_token_the_chat_is_asked_and_nothing_is_told(app, database, journey):
    await make_participant(journey)
    async with visiting(app) as guest:
        page = await guest.get(f"/unsubscribe?trip={journey.trip.slug}")

    link = f"https://wa.me/{NUMBER[1:]}?text={quote(f'STOP {journey.trip.slug}', safe='')}"
    assert (page.status_code, link in page.text, "csrf_token" in page.text) == (200, True, False)


async def test_one_click_leaves_by_its_address_and_answers_the_same_to_anybody(
    app, registry, database, journey
):
    person = await make_participant(journey)
    body = {"List-Unsubscribe": "One-Click"}
    token = token_of(registry, person)
    async with visiting(app) as guest:
        answers = [
            await guest.client.post(f"/u/{journey.trip.slug}{query}", data=body)
            for query in ("", "?p=palsu.palsu", f"?p={token}", f"?p={token}")
        ]

    assert {(answer.status_code, answer.content) for answer in answers} == {(202, b"")}
    assert await has_left(database, person)
