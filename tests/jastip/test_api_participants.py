"""Taking part over HTTP: joining from a page and by the jastiper's hand, lists, leaving."""

from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from pesan.jastip.models import Participant
from pesan.jastip.service.trips import amend_trip
from pesan.jastip.states import JoinState
from pesan.jastip.tokens import ParticipantTokens
from pesan.kit.ids import new_id
from pesan.settings import Settings
from tests.support.factories import SYSTEM
from tests.support.trips import make_journey, make_participant, make_product, order

SITI = {"phone": "0812-3456-7890", "name": "Siti Nurhaliza"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An instance with a number of its own at WhatsApp, that limits."""
    return settings.model_copy(update={"wa_number": "+628111000111", "rate_limits": "on"})


@pytest.fixture
def path(journey):
    return f"/api/trips/{journey.id}/join"


def token_of(registry, *people):
    tokens = registry[ParticipantTokens]
    return {"X-Participant-Token": tokens.make(*(person.id for person in people))}


async def count(database):
    async with database.read(SYSTEM) as session:
        return await session.scalar(select(func.count()).select_from(Participant))


async def test_whoever_joins_on_a_page_waits_for_the_chat(client, journey, path):
    key = {"Idempotency-Key": str(new_id())}

    answer = await client.post(path, json=SITI, headers=key)
    again = await client.post(path, json=SITI, headers=key)

    person = answer.json()["participant"]
    assert (answer.status_code, again.content) == (201, answer.content)
    assert (person["phone"], person["state"], person["joinedAt"]) == ("6281234567890", "pending", None)
    link = urlsplit(answer.json()["waUrl"])
    assert (link.netloc, link.path) == ("wa.me", "/628111000111")
    assert parse_qs(link.query) == {"text": [f"JOIN {journey.trip.slug} | Nama: Siti Nurhaliza"]}


async def test_whoever_joins_by_somebodys_code_is_noted_as_theirs(client, journey, path, database):
    inviter = await make_participant(journey)
    code = inviter.referral_code
    people = [("0812-1111-0001", code.lower()), ("0812-1111-0002", "ZZZZZZZZ"), ("0812-1111-0003", "x")]

    answers = [
        await client.post(path, json={**SITI, "phone": phone, "referralCode": typed})
        for phone, typed in people
    ]

    assert [answer.status_code for answer in answers] == [201, 201, 422]
    said = parse_qs(urlsplit(answers[0].json()["waUrl"]).query)["text"]
    assert said == [f"JOIN {journey.trip.slug} | Nama: Siti Nurhaliza | Kode: {code}"]
    async with database.read(SYSTEM) as session:
        query = select(Participant.wa, Participant.referred_by).where(Participant.id != inviter.id)
        assert dict((await session.execute(query.order_by(Participant.wa))).all()) == {
            "+6281211110001": inviter.id,
            "+6281211110002": None,
        }


async def test_a_stranger_learns_nothing_of_whose_a_number_is(client, journey, path, database):
    await make_participant(journey, wa="+6281234567890", name="Nama Rahasia")

    answer = await client.post(path, json={**SITI, "name": "Orang Lain"})

    assert (answer.status_code, answer.json()["code"]) == (409, "jastip.already_joined")
    assert "Rahasia" not in answer.text
    assert await count(database) == 1


async def test_a_jastiper_adds_people_who_take_part_at_once(program, make, database, settings, journey, path):
    owner, other = await program(journey.merchant), await program(await make.merchant())

    mine = (await owner.post(path, json=SITI)).json()
    theirs = (await other.post(path, json={**SITI, "phone": "0812-3456-7891"})).json()

    assert (mine["participant"]["state"], mine["waUrl"]) == ("joined", None)
    assert theirs["participant"]["state"] == "pending"


async def test_nobody_joins_a_trip_that_is_closed(client, journey, path, database):
    async with database.write(SYSTEM) as session:
        await amend_trip(session, journey.id, said={"is_active": False}, actor=SYSTEM)

    assert (await client.post(path, json=SITI)).json()["code"] == "jastip.trip_closed"
    assert await count(database) == 0


async def test_joining_is_limited_for_a_number_and_for_whoever_asks(client, path):
    statuses = [(await client.post(path, json=SITI)).status_code for _ in range(6)]
    others = [
        (await client.post(path, json={**SITI, "phone": f"08123456780{number}"})).status_code
        for number in range(6)
    ]

    assert statuses == [201, *[409] * 4, 429]
    assert others == [*[201] * 4, 429, 429]


async def test_people_are_paged_with_their_orders_at_a_fixed_number_of_queries(
    program, journey, registry, count_page_queries
):
    owner, product = await program(journey.merchant), await make_product(journey, stock=9)
    people = [await make_participant(journey) for _ in range(3)]
    for person in people:
        await order(journey, person, (product, 1))
    seen, counts, cursor = [], [], None
    for limit in (1, 2):
        with count_page_queries() as queries:
            query = {"limit": limit} | ({"cursor": cursor} if cursor else {})
            page = (await owner.get(f"/api/trips/{journey.id}/participants", params=query)).json()
        seen += page["participants"]
        counts.append(len(queries))
        cursor = page["nextCursor"]

    assert [each["id"] for each in seen] == [str(person.id) for person in people]
    assert [len(each["orders"]) for each in seen] == [1, 1, 1]
    assert (cursor, counts[0]) == (None, counts[1])


@pytest.mark.parametrize(
    "query", [{"limit": 101}, {"limit": 10**9}, {"limit": 0}, {"cursor": "AA=="}, {"cursor": "x" * 201}]
)
async def test_pages_are_bounded(program, journey, query):
    owner = await program(journey.merchant)

    for name in ("trips", "orders"):
        tail = "/participants" if name == "trips" else ""
        answer = await owner.get(f"/api/{name}/{journey.id}{tail}", params=query)
        assert (answer.status_code, answer.json()["code"]) == (422, "validation")


async def test_people_leave_by_their_token_or_by_the_jastipers_hand(
    program, client, make, database, settings, registry, journey
):
    siti, budi = await make_participant(journey), await make_participant(journey)
    owner, stranger = await program(journey.merchant), await program(await make.merchant())
    path = f"/api/participants/{siti.id}/unsubscribe"

    refused = [
        await client.patch(path),
        await client.patch(path, headers=token_of(registry, budi)),
        await client.patch(path, headers={"X-Participant-Token": f"{siti.id}"}),
        await stranger.patch(path),
    ]
    left = await client.patch(path, headers=token_of(registry, siti))
    removed = await owner.patch(f"/api/participants/{budi.id}/unsubscribe")

    assert [answer.status_code for answer in refused] == [404] * 4
    assert [left.json(), removed.json()] == [{"message": "Unsubscribed"}] * 2
    async with database.read(SYSTEM) as session:
        people = await session.scalars(select(Participant))
        assert [person.unsubscribed_at is not None for person in people] == [True, True]


async def test_people_are_their_jastipers_alone(make, database, settings, program, journey):
    await make_participant(journey, state=JoinState.PENDING)
    stranger = await program((await make_journey(make, database, settings)).merchant)

    assert (await stranger.get(f"/api/trips/{journey.id}/participants")).status_code == 404
