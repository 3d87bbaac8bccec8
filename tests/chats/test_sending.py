"""What leaves, in which form, and what becomes of what WhatsApp does not take."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from pesan.chats import sending
from pesan.chats.claiming import claim
from pesan.chats.contacts import meet, stop
from pesan.chats.lines import pause, resume
from pesan.chats.models import ChatLine, ChatSlot
from pesan.chats.noting import Outcome, note
from pesan.chats.outbox import Outgoing
from pesan.chats.sending import Sender
from pesan.chats.states import Category, Line
from pesan.chats.tasks import take_back_lost
from pesan.chats.topics import topic_of
from pesan.db import Database
from pesan.kit.registry import Registry
from pesan.messaging.whatsapp.client import WhatsAppClient
from pesan.messaging.whatsapp.shapes import Picture, Text
from pesan.realtime import Hub
from pesan.realtime.hub import Signal
from pesan.settings import Settings
from tests.support.chats import BUDI, SITI, SYSTEM, Chats, message
from tests.support.factories import Make
from tests.support.queries import CountQueries

NUMBER = "106540352242922"


async def got(chats: Chats, wa: str = SITI) -> list[str]:
    """The kinds of messages that somebody got."""
    return [one["type"] for one in await chats.whatsapp.messages(wa.removeprefix("+"))]


async def take_back(chats: Chats) -> None:
    deps = Registry()
    deps.add(Database, chats.database)
    await take_back_lost(deps)


async def test_people_are_written_to_freely_inside_their_window_and_by_template_outside(chats: Chats) -> None:
    await chats.whatsapp.create_template("kabar")
    await chats.open(SITI)
    inside, outside, neither = await chats.say(message(SITI), message(BUDI), message(BUDI, template=None))

    assert await chats.send() == 2

    assert (await got(chats, SITI), await got(chats, BUDI)) == (["text"], ["template"])
    for message_id in (inside, outside):
        found = await chats.find(message_id)
        assert (found.state, found.attempts, found.lease_until) == ("accepted", 1, None)
        assert found.wamid is not None
        assert found.accepted_at is not None
    assert await chats.state(neither) == ("failed", "chats.outside_window")
    assert await chats.taken() == {inside: 1, outside: 1}


@pytest.mark.parametrize(("left", "kind"), [("30 seconds", "text"), ("0 seconds", "template")])
async def test_a_window_ends_with_its_last_instant(chats: Chats, left: str, kind: str) -> None:
    await chats.whatsapp.create_template("kabar")
    await chats.open(SITI)
    until = f"clock_timestamp() + interval '{left}'"
    await chats.execute(f"UPDATE chat_contacts SET window_until = {until}")
    await chats.say(message())

    await chats.send()

    assert await got(chats) == [kind]


async def test_what_whatsapp_finds_outside_the_window_goes_as_template_at_once(chats: Chats) -> None:
    await chats.whatsapp.create_template("kabar")
    await chats.know(SITI)
    await chats.know(BUDI)
    both, only_body = await chats.say(message(SITI), message(BUDI, template=None))

    await chats.send()
    assert await chats.state(only_body) == ("failed", "whatsapp.131047")
    await chats.pass_time()
    await chats.send()

    assert await got(chats) == ["template"]
    found = await chats.find(both)
    assert (found.state, found.error_code, found.attempts) == ("accepted", None, 1)


async def test_a_message_is_tried_again_three_times_and_then_kept(chats: Chats) -> None:
    await chats.open(SITI)
    await chats.whatsapp.set_faults(failures=[{"code": 131000}])
    (message_id,) = await chats.say(message())

    for seconds in (2, 4, 8):
        before = await now(chats)
        await chats.send()
        found = await chats.find(message_id)
        assert (found.state, found.error_code) == ("queued", "whatsapp.131000")
        assert found.due_at >= before + timedelta(seconds=seconds)
        assert await chats.sender.turn() == 0, "it waits"
        await chats.pass_time()
    await chats.send()

    found = await chats.find(message_id)
    assert (found.state, found.error_code, found.attempts) == ("failed", "whatsapp.131000", 4)
    assert found.failed_at is not None
    assert await got(chats) == []


async def now(chats: Chats) -> Any:
    async with chats.database.read(SYSTEM) as session:
        return (await session.scalars(select(func.clock_timestamp()))).one()


async def test_a_stopped_number_pauses_every_line_until_somebody_lets_it_go_on(chats: Chats) -> None:
    await chats.open(SITI)
    await chats.whatsapp.set_faults(failures=[{"code": 131042, "times": 1}])
    (stopped,) = await chats.say(message())
    await chats.send()
    (waiting,) = await chats.say(message(line=Line.REPLIES))
    await chats.pass_time()

    assert await chats.send() == 0
    assert await chats.state(stopped) == ("queued", "whatsapp.131042")
    assert (await chats.find(stopped)).attempts == 0
    async with chats.database.write(SYSTEM) as session:
        line = (await session.scalars(select(ChatLine))).one()
        assert (line.name, line.reason, line.paused_by) == ("", "whatsapp.131042", None)
        assert await resume(session, "") is True

    assert await chats.send() == 2
    assert [await chats.state(one) for one in (stopped, waiting)] == [("accepted", None)] * 2


async def test_a_paused_line_waits_while_others_leave(chats: Chats) -> None:
    await chats.open(SITI)
    async with chats.database.write(SYSTEM) as session:
        assert await pause(session, Line.NOTIFICATIONS, reason="x" * 100) is True
        assert await pause(session, Line.NOTIFICATIONS, reason="again") is False
    waits, leaves = await chats.say(message(), message(line=Line.CONFIRMATION))

    assert await chats.send() == 1

    assert (await chats.state(waits), await chats.state(leaves)) == (("queued", None), ("accepted", None))


async def test_whoever_is_written_to_too_often_waits_and_others_do_not(chats: Chats) -> None:
    await chats.open(SITI, BUDI)
    await chats.whatsapp.set_faults(failures=[{"code": 131056, "to": SITI.removeprefix("+")}])
    (first,) = await chats.say(message(line=Line.REPLIES))
    await chats.send()
    await chats.execute("UPDATE chat_slots SET free_at = clock_timestamp()")
    (theirs,) = await chats.say(message(line=Line.CONFIRMATION))
    await chats.send()
    await chats.execute("UPDATE chat_slots SET free_at = clock_timestamp()")
    (other,) = await chats.say(message(BUDI))

    assert await chats.send() == 1

    assert (await chats.state(other))[0] == "accepted"
    for message_id in (first, theirs):
        found = await chats.find(message_id)
        assert (found.state, found.error_code) == ("queued", "whatsapp.131056")
        assert found.due_at > await now(chats)


async def test_whoever_wants_no_advertising_gets_none_but_everything_else(chats: Chats) -> None:
    await chats.whatsapp.create_template("kabar")
    await chats.whatsapp.set_faults(failures=[{"code": 131050, "times": 1}])
    (first,) = await chats.say(message(line=Line.BROADCAST))
    await chats.send()
    assert await chats.state(first) == ("failed", "whatsapp.131050")
    assert (await chats.contact()).marketing_stopped_at is not None

    second, utility = await chats.say(message(line=Line.BROADCAST), message())
    await chats.pass_time()
    await chats.send()

    assert await chats.state(second) == ("cancelled", "chats.stopped")
    assert await chats.state(utility) == ("accepted", None)
    assert await chats.taken() == {utility: 1}


async def test_whoever_stopped_gets_answers_only(chats: Chats) -> None:
    await chats.open(SITI)
    async with chats.database.write(SYSTEM) as session:
        await stop(session, await meet(session, wa=SITI, user_id=None), at=await now(chats))
    answer, *others = await chats.say(
        message(line=Line.REPLIES), *(message(line=line) for line in Line if line is not Line.REPLIES)
    )

    await chats.send()

    assert [await chats.state(one) for one in others] == [("cancelled", "chats.stopped")] * 4
    assert await chats.taken() == {answer: 1}


async def test_of_a_template_that_whatsapp_does_not_take_only_the_first_messages_ask(chats: Chats) -> None:
    said = await chats.say(*(message(line=Line.BROADCAST) for _ in range(30)))

    tried = []
    for _ in range(2):
        tried.append(await chats.send())
        await chats.pass_seconds()

    assert tried == [10, 0]
    assert {await chats.state(one) for one in said} == {("queued", "chats.template_not_approved")}
    await chats.whatsapp.create_template("kabar")
    await chats.pass_time()
    assert await chats.send() == 10
    assert len(await chats.taken()) == 10


async def test_without_the_picture_that_whatsapp_cannot_fetch_the_words_are_sent_once(chats: Chats) -> None:
    await chats.open(SITI)
    await chats.whatsapp.set_faults(failures=[{"code": 131053, "times": 2}])
    picture = Picture("https://pesan.test/gone.jpg", caption="Baru: cokelat https://pesan.test/t/jepang")
    said, bare = await chats.say(
        message(body=picture, template=None), message(body=Picture(picture.link), template=None)
    )

    await chats.send()
    assert await chats.state(bare) == ("failed", "whatsapp.131053")
    assert await chats.state(said) == ("queued", "whatsapp.131053")
    for _ in range(3):
        await chats.pass_time()
        await chats.send()

    assert await chats.state(said) == ("accepted", None)
    assert await got(chats) == ["text"]
    assert await chats.taken() == {said: 1}


async def test_advertising_that_came_too_often_waits_a_day_once(chats: Chats) -> None:
    await chats.whatsapp.create_template("kabar")
    await chats.whatsapp.set_faults(failures=[{"code": 131049}])
    (message_id,) = await chats.say(message(line=Line.BROADCAST))
    before = await now(chats)

    await chats.send()
    found = await chats.find(message_id)
    assert found.state == "queued"
    assert found.due_at >= before + timedelta(days=1)
    await chats.pass_time()
    await chats.send()

    assert await chats.state(message_id) == ("failed", "whatsapp.131049")


async def test_an_answer_that_is_lost_sends_no_advertising_twice_and_the_rest_once_more(chats: Chats) -> None:
    await chats.whatsapp.create_template("kabar")
    await chats.whatsapp.set_faults(failures=[{"code": "cut"}], statuses="none")
    marketing, utility = await chats.say(message(line=Line.BROADCAST), message())
    await chats.send()
    await take_back(chats)
    assert await chats.state(utility) == ("unknown", "chats.unknown"), "two minutes are not over"

    for _ in range(3):
        await chats.pass_time()
        await take_back(chats)
        await chats.send()

    assert await chats.taken() == {marketing: 1, utility: 2}
    assert [await chats.state(one) for one in (marketing, utility)] == [("unknown", "chats.unknown")] * 2


async def test_a_slot_without_an_answer_is_kept_for_its_lease(chats: Chats) -> None:
    await chats.open(SITI)
    await chats.whatsapp.set_faults(failures=[{"code": "cut", "times": 1}])
    await chats.say(message())
    await chats.send()
    await chats.say(message())
    await chats.send()

    left = ChatSlot.free_at - func.clock_timestamp()
    async with chats.database.read(SYSTEM) as session:
        kept, given_back = (await session.scalars(select(left).order_by(ChatSlot.slot).limit(2))).all()
    assert given_back <= timedelta(seconds=1) < kept


async def test_whoever_looks_at_an_event_is_told_when_its_messages_move(
    chats: Chats, settings: Settings, make: Make
) -> None:
    event = await make.event()
    hub, client = Hub(), WhatsAppClient.of(settings.model_copy(update=chats.whatsapp.settings))
    sender = Sender(chats.database, client, hub=hub)
    await chats.say(message(merchant_id=event.merchant_id, event_id=event.id), message(BUDI))

    with hub.subscribe([topic_of(event.id)]) as looking:
        await sender.turn()
        await sender.drain()
        assert await looking.wait(30) is Signal.CHANGED
    await sender.aclose()


async def test_without_an_account_messages_stay_queued(chats: Chats) -> None:
    (message_id,) = await chats.say(message())

    assert await Sender(chats.database, None).turn() == 0

    assert await chats.state(message_id) == ("queued", None)


async def test_what_nobody_can_read_fails_and_holds_up_nothing(chats: Chats) -> None:
    await chats.open(SITI)
    broken, fine = await chats.say(message(), message())
    await chats.execute("UPDATE chat_messages SET body = '{}' WHERE id = :id", id=broken)

    await chats.send()

    assert await chats.state(broken) == ("failed", "chats.unreadable")
    assert await chats.state(fine) == ("accepted", None)


async def test_somebody_without_a_number_is_written_to_by_id(chats: Chats) -> None:
    said = await chats.whatsapp.say(SITI.removeprefix("+"), "Halo")
    user_id = chats.whatsapp.business.people.meet(SITI.removeprefix("+")).user_id
    assert said
    async with chats.database.write(SYSTEM) as session:
        contact = await meet(session, wa=None, user_id=user_id)
        contact.window_until = await now(chats) + timedelta(hours=1)
    answer = Outgoing(Line.REPLIES, Category.SERVICE, to_user_id=user_id, body=Text("Halo juga"))
    await chats.say(answer)

    await chats.send()

    assert await got(chats) == ["text"]


async def test_a_confirmation_overtakes_what_has_waited(chats: Chats) -> None:
    await chats.open(SITI, BUDI)
    await chats.say(*(message(BUDI, Line.BROADCAST) for _ in range(200)))
    (confirmation,) = await chats.say(message(line=Line.CONFIRMATION))
    (answer,) = await chats.say(message(line=Line.REPLIES))

    assert await chats.send() == 10

    assert (await chats.state(confirmation), await chats.state(answer)) == (("accepted", None),) * 2


async def test_a_turn_costs_the_same_for_one_message_and_for_ten(
    chats: Chats, count_queries: CountQueries
) -> None:
    await chats.open(SITI)
    costs = []
    for count in (1, 1, 10):
        await chats.say(*(message() for _ in range(count)))
        await chats.pass_time()
        with count_queries() as statements:
            assert await chats.sender.turn() == count
        costs.append(len(statements))
        await chats.sender.drain()

    assert costs[1] == costs[2] == costs[0] - 1, "the first makes the slots"


async def test_what_stood_still_for_too_long_is_not_begun_any_more(
    chats: Chats, monkeypatch: pytest.MonkeyPatch
) -> None:
    await chats.open(SITI)
    (message_id,) = await chats.say(message(line=Line.BROADCAST))
    with monkeypatch.context() as frozen:
        frozen.setattr(sending, "LATEST_START_SECONDS", -1.0)
        assert await chats.send() == 1
    assert (await chats.taken(), await chats.state(message_id)) == ({}, ("queued", None))

    await chats.pass_time()
    await chats.send()

    assert await chats.taken() == {message_id: 1}


async def test_an_answer_that_comes_after_the_lease_is_still_believed(chats: Chats) -> None:
    await chats.open(SITI)
    late, told = await chats.say(message(), message())
    await chats.sender.turn()  # makes the places; what it takes is answered below, too
    await chats.sender.drain()
    await chats.execute(
        "UPDATE chat_messages SET state = 'queued', wamid = NULL, accepted_at = NULL, attempts = 0"
    )
    await chats.pass_time()
    async with chats.database.write(SYSTEM) as session:
        claims = await claim(session, NUMBER, 10)
    await chats.pass_time()
    for _ in range(2):
        await take_back(chats)
        await chats.pass_time()
    assert [await chats.state(one) for one in (late, told)] == [("queued", "chats.unknown")] * 2
    # A status of this very handing over was faster, and its failure queued the message again.
    await chats.execute(
        "UPDATE chat_messages SET wamid = 'wamid.1', as_template = true, error_code = 'whatsapp.131047' WHERE id = :id",
        id=told,
    )

    names = {late: "wamid.0", told: "wamid.1"}
    async with chats.database.write(SYSTEM) as session:
        await note(session, NUMBER, [Outcome(each, wamid=names[each.id]) for each in claims.taken])

    assert await chats.state(late) == ("accepted", None)
    assert await chats.state(told) == ("queued", "whatsapp.131047")
    assert (await chats.find(told)).as_template is True


async def test_a_network_that_says_nothing_in_time_leaves_the_message_unknown(
    chats: Chats, settings: Settings
) -> None:
    await chats.open(SITI)
    await chats.whatsapp.set_faults(failures=[{"code": "hang"}], statuses="none")
    known = settings.model_copy(update=chats.whatsapp.settings)
    hasty = WhatsAppClient(
        phone_number_id=known.wa_phone_id,
        access_token=known.wa_access_token.get_secret_value(),
        base_url=known.wa_url,
        timeout=1.0,
    )
    sender = Sender(chats.database, hasty)
    (message_id,) = await chats.say(message())

    await sender.turn()
    await sender.aclose()

    assert await chats.state(message_id) == ("unknown", "chats.unknown")
    assert await chats.taken() == {message_id: 1}
