"""The conversation: who writes what gets which answer, and what is done, once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import URL, select

from pesan.app.instance import Instance
from pesan.app.wiring import build_registry
from pesan.chats.models import ChatContact
from pesan.db import Database
from pesan.jastip.chat.words import STATUSES
from pesan.jastip.models import Participant, TripOrder
from pesan.jastip.service.leaving import resubscribe
from pesan.jastip.service.orders import confirm_order, reject_order
from pesan.jastip.service.participants import unsubscribe
from pesan.jastip.service.trips import amend_trip
from pesan.jastip.states import JoinState
from pesan.kit.registry import Registry
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.settings import Settings
from pesan.tenancy.legal.queries import list_current
from pesan.tenancy.legal.service import publish
from pesan.tenancy.legal.states import LegalKind
from pesan.tenancy.models import Merchant
from tests.support.chatting import Chatter
from tests.support.factories import SYSTEM
from tests.support.trips import make_journey, make_participant, make_product


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"wa_phone_id": "106540352242922"})


@pytest.fixture
async def registry(settings: Settings, database_url: URL) -> AsyncIterator[Registry]:
    """The objects of a worker, who handles what was stored."""
    registry = build_registry(Instance(settings, database_url, None), "worker")
    yield registry
    await registry[Database].dispose()


@pytest.fixture
async def journey(make, database, settings):
    return await make_journey(make, database, settings, slug="jpn25", title="Jastip Jepang")


@pytest.fixture
def siti(registry: Registry) -> Chatter:
    return Chatter(registry, "+6281234567890")


async def taking(database: Database) -> list[tuple[str, str, bool]]:
    """Who takes part: name, state, whether they left."""
    async with database.read(SYSTEM) as session:
        people = await session.scalars(select(Participant).order_by(Participant.created_at))
        return [(person.name, person.state, person.unsubscribed_at is not None) for person in people]


async def contact(database: Database, wa: str = "+6281234567890") -> ChatContact:
    async with database.read(SYSTEM) as session:
        return (await session.scalars(select(ChatContact).where(ChatContact.wa == wa))).one()


async def orders(database: Database) -> list[Order]:
    async with database.read(SYSTEM) as session:
        return list(await session.scalars(select(Order).order_by(Order.placed_at)))


async def test_join_takes_part_and_shows_what_there_is(journey, database, siti):
    product = await make_product(journey, title="Kit Kat Matcha", price_amount=45_000)

    (offer,) = await siti.write("join JPN25 | nama: Siti Nurhaliza 🌸")

    assert offer["body"].startswith(
        "Terima kasih Siti Nurhaliza! Kamu sekarang tergabung di trip *Jastip Jepang*"
    )
    (row,) = offer["sections"][0]["rows"]
    assert (row["id"], row["title"]) == (f"p:{product.id}", "Kit Kat Matcha")
    assert row["description"] == "Rp\u00a045.000 · sisa 3"
    assert await taking(database) == [("Siti Nurhaliza", "joined", False)]


async def test_join_twice_is_one_part_and_is_answered_again(journey, database, siti):
    await siti.write("JOIN jpn25 | Nama: Siti")
    (greeting,) = await siti.write("JOIN jpn25 | Nama: Siti")

    assert greeting["body"].startswith("Siti, kamu sudah tergabung di trip *Jastip Jepang*.")
    assert await siti.outcome() == "known"
    assert len(await taking(database)) == 1


async def test_the_same_message_is_handled_once(journey, database, siti):
    update_id = await siti.send("JOIN jpn25 | Nama: Siti")

    await asyncio.gather(*(siti.handle(update_id) for _ in range(4)))
    again = await siti.handle(update_id)

    assert (await taking(database), again) == ([("Siti", "joined", False)], [])


async def test_a_name_that_is_none_is_taken_from_the_profile(journey, database, registry):
    await Chatter(registry, profile_name="Ibu Sari 🙏").write("JOIN jpn25")
    await Chatter(registry, profile_name="🙏").write("JOIN jpn25 | Nama: 😀")

    assert [name for name, _, _ in await taking(database)] == ["Ibu Sari", "Penitip"]


async def test_whoever_has_no_number_takes_part_by_their_id(journey, database, registry):
    person = Chatter(registry, user_id="ID.10000000000000000001", wa=None)
    person.wa = None

    await person.write("JOIN jpn25 | Nama: Budi")

    assert await taking(database) == [("Budi", "joined", False)]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("JOIN nosuch | Nama: Siti", "Trip dengan kode *nosuch* tidak ditemukan. Coba periksa kodenya lagi."),
        ("INFO nosuch", "Trip dengan kode *nosuch* tidak ditemukan. Coba periksa kodenya lagi."),
    ],
)
async def test_an_unknown_code_is_said_to_be_one(journey, database, siti, said, answer):
    assert [each["body"] for each in await siti.write(said)] == [answer]
    assert await taking(database) == []


async def test_nobody_joins_a_trip_whose_deadline_is_over(journey, database, siti):
    async with database.write(SYSTEM) as session:
        said = {"deadline": datetime.now(UTC) - timedelta(minutes=1)}
        await amend_trip(session, journey.id, said=said, actor=SYSTEM)

    assert [each["body"] for each in await siti.write("JOIN jpn25 | Nama: Siti")] == [
        "Maaf, trip *Jastip Jepang* sudah ditutup."
    ]
    assert await taking(database) == []


@pytest.mark.parametrize("said", ["Halo kak, ada yang merah?", "🙏", "STATUS", "info"])
async def test_strangers_who_chat_are_not_answered(journey, siti, said):
    assert (await siti.write(said), await siti.outcome()) == ([], "unknown")


async def test_what_nobody_understands_is_answered_where_the_trip_wants_it(journey, database, siti):
    await siti.write("JOIN jpn25 | Nama: Siti")
    silent = await siti.write("Halo kak, ada yang merah?")
    async with database.write(SYSTEM) as session:
        await amend_trip(session, journey.id, said={"answers_unknown": True}, actor=SYSTEM)

    helped = await siti.write("Halo kak, ada yang merah?")

    assert (silent, len(helped)) == ([], 1)
    assert await siti.write("👍", kind="reaction") == []
    assert helped[0]["body"].startswith("Aku asisten otomatis.")


async def test_stop_with_a_code_leaves_that_trip_and_start_comes_back(
    journey, make, database, settings, siti
):
    await make_journey(make, database, settings, slug="kor25")
    for slug in ("jpn25", "kor25"):
        await siti.write(f"JOIN {slug} | Nama: Siti")

    await siti.write("stop jpn25")
    left = await taking(database)
    await siti.write("START jpn25")

    assert [gone for _, _, gone in left] == [True, False]
    assert [gone for _, _, gone in await taking(database)] == [False, False]
    assert (await contact(database)).stopped_at is None


@pytest.mark.parametrize("said", ["STOP", "berhenti", "stop nosuch", "Stop ya kak"])
async def test_stop_alone_stops_everything_until_start(journey, database, siti, said):
    await siti.write("JOIN jpn25 | Nama: Siti")

    answered = await siti.write(said)
    stopped = (await contact(database)).stopped_at
    await siti.write("start")

    assert ([each["kind"] for each in answered], stopped is not None) == (["text"], True)
    assert (await contact(database)).stopped_at is None


async def test_an_older_stop_that_comes_late_changes_nothing(journey, database, siti):
    await siti.write("JOIN jpn25 | Nama: Siti")
    await siti.write("STOP", said_at=datetime.now(UTC) - timedelta(hours=1))

    assert (await contact(database)).stopped_at is None


async def test_writing_opens_the_window_for_a_day_and_no_longer(journey, database, siti):
    before = datetime.now(UTC)
    await siti.write("halo")
    await siti.write("halo", said_at=before + timedelta(days=3))
    opened = (await contact(database)).window_until
    await siti.write("halo", said_at=before - timedelta(hours=5))

    assert (
        before + timedelta(hours=23, minutes=59) < opened < datetime.now(UTC) + timedelta(hours=24, seconds=1)
    )
    assert (await contact(database)).window_until == opened


async def test_an_order_is_placed_by_taps(journey, database, siti):
    product = await make_product(journey, title="Kit Kat Matcha", price_amount=45_000, stock=5)
    await siti.write("JOIN jpn25 | Nama: Siti")

    (amounts,) = await siti.tap(f"p:{product.id}")
    (question,) = await siti.tap(f"q:{product.id}:2")
    (noted,) = await siti.tap(question["buttons"][0]["id"])

    assert [button["title"] for button in amounts["buttons"]] == ["1", "2", "3"]
    price, terms = question["body"].split("\n\n")
    assert price == "2 × *Kit Kat Matcha* = *Rp\u00a090.000*. Titip sekarang?"
    legal = f"/m/{journey.merchant.slug}/legal/"
    assert ("Dengan *Ya, titip* kamu menyetujui" in terms, f"{legal}terms)" in terms) == (True, True)
    assert f"{legal}refunds)" in terms
    (placed,) = await orders(database)
    assert (placed.total_amount, placed.wa, placed.buyer_name, placed.state) == (
        90_000,
        siti.wa,
        "Siti",
        "HOLD",
    )
    assert (noted["kind"], noted["url"].endswith(f"/pay/{placed.code}")) == ("link", True)
    async with database.read(SYSTEM) as session:
        assert await session.get(TripOrder, placed.id) is not None


async def test_a_yes_accepts_the_terms_that_it_stands_below(journey, database, siti):
    product = await make_product(journey)
    await siti.write("JOIN jpn25 | Nama: Siti")
    (question,) = await siti.tap(f"q:{product.id}:1")
    async with database.write(SYSTEM) as session:
        merchant = await session.get_one(Merchant, journey.merchant.id)
        await publish(session, merchant, kind=LegalKind.TERMS, body_id="Baru.", body_en="New.", actor=SYSTEM)

    (asked,) = await siti.tap(question["buttons"][0]["id"])
    (bare,) = await siti.tap(f"o:{product.id}:1")
    before = await orders(database)
    await siti.tap(asked["buttons"][0]["id"])

    async with database.read(SYSTEM) as session:
        current = await list_current(session, journey.merchant.id)
    (placed,) = await orders(database)
    assert asked["body"].startswith("Syarat dari ")
    assert asked["buttons"][0]["id"] == bare["buttons"][0]["id"] == f"o:{product.id}:1:2.1.1"
    assert (before, set(placed.legal_ids)) == ([], {text.id for text in current.values()})


async def test_one_yes_is_one_order_however_often_it_is_handled(journey, database, siti):
    product = await make_product(journey)
    await siti.write("JOIN jpn25 | Nama: Siti")
    update_id = await siti.send(kind="interactive", reply_id=f"o:{product.id}:1:1.1.1")

    await asyncio.gather(*(siti.handle(update_id) for _ in range(3)), return_exceptions=True)
    await siti.handle(update_id)

    assert len(await orders(database)) == 1


async def test_more_people_than_pieces_are_told_who_comes_too_late(journey, database, registry):
    product = await make_product(journey, stock=2)
    people = [Chatter(registry) for _ in range(5)]
    for person in people:
        await person.write("JOIN jpn25 | Nama: Siti")

    await asyncio.gather(*(person.tap(f"o:{product.id}:1:1.1.1") for person in people))

    outcomes = sorted([await person.outcome() or "" for person in people])
    assert outcomes == ["ordered", "ordered", "refused", "refused", "refused"]
    assert len(await orders(database)) == 2


@pytest.mark.parametrize("tap", ["p:{id}", "q:{id}:1", "o:{id}:1:1.1.1"])
async def test_whoever_does_not_take_part_is_asked_to_and_orders_nothing(journey, database, siti, tap):
    product = await make_product(journey)

    (answer,) = await siti.tap(tap.format(id=product.id))

    assert answer["body"] == "Ikut tripnya dulu, ya: balas *JOIN JPN25*, lalu pilih lagi."
    assert (await siti.outcome(), await orders(database)) == ("not_joined", [])


async def test_two_taps_on_one_button_are_one_order(journey, database, siti):
    product = await make_product(journey)
    await siti.write("JOIN jpn25 | Nama: Siti")
    yes = {"kind": "interactive", "reply_id": f"o:{product.id}:1:1.1.1", "context_wamid": "wamid.OUR1"}

    first, second = [await siti.write(**yes) for _ in range(2)]
    (placed,) = await orders(database)
    await reject_order(journey.counter, placed, actor=journey.staff, reason="Toko tutup")
    await siti.write(**yes)

    assert first == second
    assert [order.state for order in await orders(database)] == ["CANCELLED", "HOLD"]


async def test_a_second_tap_on_what_is_paid_says_how_it_stands(journey, database, siti):
    product = await make_product(journey, title="Kit Kat Matcha")
    await siti.write("JOIN jpn25 | Nama: Siti")
    yes = {"kind": "interactive", "reply_id": f"o:{product.id}:1:1.1.1", "context_wamid": "wamid.OUR1"}
    await siti.write(**yes)
    (placed,) = await orders(database)
    await confirm_order(journey.counter, placed, actor=journey.staff)

    (told,) = await siti.write(**yes)

    assert told["body"].splitlines()[1:] == [
        f"• *{placed.code}* · 1 × Kit Kat Matcha · Rp\u00a0100.000 · dikonfirmasi"
    ]
    assert [order.state for order in await orders(database)] == ["PAID"]


async def test_whoever_is_known_twice_leaves_twice_and_comes_back(journey, database, registry):
    await make_participant(journey, wa="+6281234567890", name="Ani", state=JoinState.PENDING)
    hidden = Chatter(registry, user_id="ID.1", wa=None)
    hidden.wa = None
    await hidden.write("JOIN jpn25 | Nama: Ani")
    both = Chatter(registry, "+6281234567890", user_id="ID.1")

    await both.write("STOP jpn25")
    left = await taking(database)
    await both.write("JOIN jpn25 | Nama: Ani")

    assert [gone for _, _, gone in left] == [True, True]
    assert await both.outcome() == "back"


async def test_a_join_that_was_said_before_leaving_brings_nobody_back(journey, database, siti):
    await siti.write("JOIN jpn25 | Nama: Siti")
    await siti.write("STOP jpn25")
    await siti.write("JOIN jpn25 | Nama: Siti", said_at=datetime.now(UTC) - timedelta(minutes=1))

    assert await taking(database) == [("Siti", "joined", True)]


async def test_of_choices_that_come_out_of_order_the_last_one_holds(journey, database, siti):
    first = datetime.now(UTC) - timedelta(hours=1)
    stop, join = "STOP jpn25", "JOIN jpn25 | Nama: Siti"
    said = [(0, join), (1, stop), (3, stop), (2, join), (4, join), (3, stop)]
    left = []
    for minute, words in said:
        answers = await siti.write(words, said_at=first + timedelta(minutes=minute))
        left += [gone for _, _, gone in await taking(database)]

    assert left == [False, True, True, True, False, False]
    assert (answers, await siti.outcome()) == ([], "came_late")


async def test_a_stop_that_was_said_before_joining_changes_nothing(journey, database, siti):
    await siti.write("JOIN jpn25 | Nama: Siti")
    await siti.write("STOP jpn25", said_at=datetime.now(UTC) - timedelta(minutes=1))

    assert await taking(database) == [("Siti", "joined", False)]


async def test_a_join_that_was_said_before_a_page_was_left_brings_nobody_back(journey, database, siti):
    await siti.write("JOIN jpn25 | Nama: Siti", said_at=datetime.now(UTC) - timedelta(hours=1))
    await siti.write("STOP jpn25", said_at=datetime.now(UTC) - timedelta(minutes=30))
    async with database.write(SYSTEM) as session:
        person_id = (await session.scalars(select(Participant.id))).one()
        await unsubscribe(session, person_id, actor=SYSTEM)
    await siti.write("JOIN jpn25 | Nama: Siti", said_at=datetime.now(UTC) - timedelta(minutes=20))
    before = await taking(database)
    async with database.write(SYSTEM) as session:
        await resubscribe(session, person_id, actor=SYSTEM)
    await siti.write("STOP jpn25", said_at=datetime.now(UTC) - timedelta(minutes=10))

    assert [gone for _, _, gone in [*before, *await taking(database)]] == [True, False]


@pytest.mark.parametrize(
    "reply_id", ["o:1:1", "p:", "o:00000000-0000-0000-0000-000000000000:0", "b:x:y", "⚡"]
)
async def test_taps_that_nobody_offered_do_nothing(journey, database, siti, reply_id):
    await siti.write("JOIN jpn25 | Nama: Siti")

    assert (await siti.tap(reply_id), await orders(database)) == ([], [])


async def test_status_says_how_orders_stand(journey, database, siti):
    product = await make_product(journey, title="Kit Kat Matcha", price_amount=45_000)
    await siti.write("JOIN jpn25 | Nama: Siti")
    none = await siti.write("status")
    await siti.tap(f"o:{product.id}:2:1.1.1")
    (placed,) = await orders(database)

    (told,) = await siti.write("pesanan saya")

    assert [each["body"] for each in none] == ["Kamu belum punya pesanan."]
    assert told["body"].splitlines() == [
        "Pesananmu:",
        f"• *{placed.code}* · 2 × Kit Kat Matcha · Rp\u00a090.000 · menunggu pembayaran",
    ]


async def test_messages_to_another_number_are_left_alone(journey, database, siti):
    answered = await siti.write("JOIN jpn25 | Nama: Siti", phone_number_id="999")

    assert (answered, await siti.outcome(), await taking(database)) == ([], "other_number", [])


async def test_a_number_of_somebody_who_only_joined_on_a_page_becomes_theirs(journey, database, siti):
    await make_participant(journey, wa=siti.wa, name="Orang Lain", state=JoinState.PENDING)

    await siti.write("JOIN jpn25 | Nama: Siti")

    assert (await siti.outcome(), await taking(database)) == ("confirmed", [("Siti", "joined", False)])


def test_every_state_of_an_order_has_a_word():
    assert set(STATUSES) == set(OrderState)
