"""Jastipers see who takes part in a trip, and tell them things: people and broadcasts of the desk."""

import html
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from pesan.backoffice.queries.jastip_people import list_members
from pesan.chats.models import ChatContact
from pesan.jastip.queries.broadcasts import list_broadcasts
from pesan.jastip.states import BroadcastState, JoinState
from pesan.kit.ids import new_id
from pesan.settings import Settings
from tests.backoffice.conftest import Team
from tests.support.factories import SYSTEM
from tests.support.trips import Journey, make_journey, make_participant, make_product, order


@pytest.fixture
async def journey(team: Team, settings: Settings) -> Journey:
    return await make_journey(team.make, team.database, settings, team.merchant)


async def test_people_are_seen_found_added_and_told_no_more(team: Team, journey: Journey):
    siti = await make_participant(journey, name="Siti Nurhaliza")
    await make_participant(
        journey, name="Budi Santoso", state=JoinState.PENDING, referral_code=siti.referral_code
    )
    await order(journey, siti, (await make_product(journey), 2))
    page = f"/jastip/{team.merchant.slug}/trips/{journey.id}/people"
    browser = await team.sign_in("organizer")

    everybody = await browser.get(page)
    found = await browser.get(page, params={"q": "budi", "state": "pending"})
    added = [await browser.submit(page, page, {"name": "Dewi", "wa": "0812 3456 7890"}) for _ in range(2)]
    wrong = await browser.submit(page, page, {"name": "Dewi", "wa": "12"})
    stopped = await browser.submit(page, f"{page}/{siti.id}/unsubscribe")
    left = await browser.get(page, params={"state": "left"})

    assert ("2 orang" in everybody.text, "1 · Rp\u00a0200.000" in everybody.text) == (True, True)
    assert ('<td class="lead"><span>Budi Santoso' in found.text, "Siti Nurhaliza" in found.text) == (
        True,
        True,  # who brought Budi along
    )
    assert "1 orang" in found.text
    assert [answer.status_code for answer in (*added, wrong, stopped)] == [303, 409, 422, 303]
    assert ("1 orang" in left.text, "Siti Nurhaliza" in left.text) == (True, True)


async def test_people_come_by_pages_and_are_found_by_a_part_of_their_number(
    team: Team, journey: Journey, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(list_members, "__kwdefaults__", {**list_members.__kwdefaults__, "limit": 2})
    for number in range(3):
        await make_participant(journey, name=f"Siti {number}", wa=f"+62813777700{number}0")
    page = f"/jastip/{team.merchant.slug}/trips/{journey.id}/people"
    browser = await team.sign_in("organizer")

    first = await browser.get(page, params={"q": "siti"})
    more = html.unescape(re.search(r'href="([^"]+)" rel="next"', first.text)[1])
    second = await browser.get(more)
    found = await browser.get(page, params={"q": "0813-7777 001"})
    wrong = await browser.get(page, params={"after": "x"})

    names = [re.findall(r'class="lead"><span>([^<]+)', answer.text) for answer in (first, second, found)]
    assert names == [["Siti 2", "Siti 1"], ["Siti 0"], ["Siti 1"]]
    assert ("3 orang" in second.text, 'rel="next"' in second.text, wrong.status_code) == (True, False, 400)


async def test_a_broadcast_is_seen_before_it_is_sent_and_cancelled_after(team: Team, journey: Journey):
    ordered, _ = await make_participant(journey), await make_participant(journey)
    await order(journey, ordered, (await make_product(journey), 1))
    page = f"/jastip/{team.merchant.slug}/trips/{journey.id}/broadcasts"
    browser = await team.sign_in("organizer")
    typed = {"words": "Besok ke Osaka.\r\nMau apa?", "audience": "ordered", "starts_at": "2099-05-01T20:00"}

    empty = await browser.submit(page, page, {**typed, "words": " "})
    seen = await browser.submit(page, page, typed)
    async with team.database.read(SYSTEM) as session:
        before = await list_broadcasts(session, journey.id)
    planned = await browser.submit(page, page, {**typed, "seen": typed["words"]})
    async with team.database.read(SYSTEM) as session:
        (progress,) = await list_broadcasts(session, journey.id)
    shown = await browser.get(page)
    cancel = f"{page}/{progress.broadcast.id}/cancel"
    cancelled = await browser.submit(page, cancel)
    after = await browser.get(page)

    assert [answer.status_code for answer in (empty, seen, planned, cancelled)] == [422, 200, 303, 303]
    assert ("Begini sampainya" in seen.text, "Kirim ke 1 orang" in seen.text, before) == (True, True, [])
    amounts = re.findall(r"(?:sekarang: <b>|Lewat templat, )Rp\u00a0(\d+)", seen.text)
    assert (len(amounts), len(set(amounts))) == (2, 1)
    assert (progress.broadcast.text, progress.broadcast.recipients) == ("Besok ke Osaka.\nMau apa?", 1)
    assert (progress.broadcast.state, progress.open) == (BroadcastState.PLANNED, 1)
    assert (cancel in shown.text, "data-every" in shown.text) == (True, True)
    assert (cancel in after.text, "Dibatalkan" in after.text) == (False, True)


async def test_the_price_is_that_of_whoever_would_be_told(team: Team, journey: Journey):
    people = [await make_participant(journey) for _ in range(4)]
    product = await make_product(journey)
    for person in people[:3]:
        await order(journey, person, (product, 1))
    now = datetime.now(UTC)
    async with team.database.write(SYSTEM) as session:
        session.add(ChatContact(id=new_id(), wa=people[0].wa, window_until=now + timedelta(hours=1)))
        session.add(ChatContact(id=new_id(), wa=people[1].wa, stopped_at=now))
    page = f"/jastip/{team.merchant.slug}/trips/{journey.id}/broadcasts"
    browser = await team.sign_in("organizer")

    ordered, others = [
        (await browser.submit(page, page, {"words": "Halo", "audience": audience})).text
        for audience in ("ordered", "not_ordered")
    ]

    counts = [re.findall(r"<dt>[^<]+</dt><dd>(\d+)<", text) for text in (ordered, others)]
    assert counts == [["1", "1", "1"], ["1", "0"]]
    assert ("Kirim ke 2 orang" in ordered, "Kirim ke 1 orang" in others) == (True, True)


async def test_a_preview_is_in_the_language_of_most_who_read_it(team: Team, journey: Journey):
    product = await make_product(journey)
    for locale in ("id", "en", "en"):
        person = await make_participant(journey, locale=locale)
        if locale == "id":
            await order(journey, person, (product, 1))
    page = f"/jastip/{team.merchant.slug}/trips/{journey.id}/broadcasts"
    browser = await team.sign_in("organizer")

    everybody, one = [
        (await browser.submit(page, page, {"words": "Halo", "audience": audience}, headers=headers)).text
        for audience, headers in (("all", {}), ("ordered", {"accept-language": "en"}))
    ]

    slug = journey.trip.slug.upper()
    assert (f"Reply STOP {slug} to hear no more." in everybody, "See the trip" in everybody) == (True, True)
    assert "1 orang menerima kedua baris itu dalam bahasa Indonesia." in everybody
    assert (f"Balas STOP {slug} untuk berhenti." in one, "Lihat trip" in one) == (True, True)
    assert "The last two lines are in the language of whoever gets them." in one


async def test_the_price_of_all_is_that_of_one_as_often(team: Team, journey: Journey):
    for _ in range(7):
        await make_participant(journey)
    page = f"/jastip/{team.merchant.slug}/trips/{journey.id}/broadcasts"
    browser = await team.sign_in("organizer")

    seen = (await browser.submit(page, page, {"words": "Halo"})).text

    total, each = [
        Decimal(amount.replace(".", "").replace(",", "."))
        for amount in re.findall(r"(?:sekarang: <b>|Lewat templat, )Rp\u00a0([\d.,]*\d)", seen)
    ]
    assert each * 7 == total


async def test_the_stream_of_broadcasts_is_for_whoever_runs_the_trip(team: Team, journey: Journey):
    path = f"/jastip/{team.merchant.slug}/trips/{journey.id}/broadcasts/stream"

    answers = [(await (await team.sign_in(role)).get(path)).status_code for role in ("staff", "stranger")]

    assert answers == [403, 404]
