"""What WhatsApp tells is acted on once, by whoever finds it, and says what became of each message."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import URL, insert, select

from pesan.chats.models import ChatContact, ChatLine, ChatUpdate
from pesan.chats.records import ChatCharge, TemplateStanding
from pesan.chats.states import Line
from pesan.chats.statuses import apply_some
from pesan.chats.taking_back import queue_again
from pesan.chats.updates import row_of
from pesan.messaging.whatsapp.inbound import (
    InboundMessage,
    OtherUpdate,
    PreferenceUpdate,
    Pricing,
    StatusUpdate,
    TemplateUpdate,
    Update,
)
from pesan.messaging.whatsapp.shapes import Picture, TemplateUse
from tests.support.chats import BUDI, SITI, SYSTEM, Chats, message
from tests.support.postgres import Server
from tests.support.queries import CountQueries

AT = datetime(2026, 11, 22, 3, tzinfo=UTC)
ORDER = ("sent", "delivered", "read")


def told(
    wamid: str | None, status: str, *, opaque: UUID | str | None = None, code: int | None = None
) -> StatusUpdate:
    return StatusUpdate("106", wamid or "wamid.?", status, AT, opaque and str(opaque), SITI, code, None)


async def failed(chats: Chats, message_id: UUID, code: int) -> StatusUpdate:
    """That the last handing over of a message failed."""
    return told((await chats.find(message_id)).wamid, "failed", opaque=message_id, code=code)


async def tell(chats: Chats, *updates: Update) -> list[str | None]:
    """What was told is stored and acted on; the outcomes in the same order."""
    rows = [row_of(update) for update in updates]
    async with chats.database.write(SYSTEM) as session:
        await session.execute(insert(ChatUpdate), rows)
    async with chats.database.write(SYSTEM) as session:
        await apply_some(session)
    async with chats.database.read(SYSTEM) as session:
        found = (await session.execute(select(ChatUpdate.id, ChatUpdate.outcome))).all()
    outcomes: dict[Any, str | None] = {row.id: row.outcome for row in found}
    return [outcomes[row["id"]] for row in rows]


async def sent(chats: Chats, *people: str, line: Line = Line.NOTIFICATIONS) -> list[UUID]:
    """Messages that WhatsApp accepted."""
    await chats.whatsapp.create_template("kabar")
    await chats.whatsapp.set_faults(statuses="none")
    await chats.open(*set(people))
    said = await chats.say(*(message(wa, line) for wa in people))
    await chats.send()
    return said


async def test_a_status_finds_its_message_by_our_id_first_and_by_its_name_second(chats: Chats) -> None:
    first, second = await sent(chats, SITI, BUDI)
    wamid = (await chats.find(second)).wamid

    outcomes = await tell(
        chats,
        told("wamid.OTHER", "delivered", opaque=first),
        told(wamid, "sent", opaque="not ours"),
        told(wamid, "read"),
        told("wamid.NOBODY", "sent"),
        told("x" * 250, "sent", opaque=first),
    )

    assert outcomes == ["delivered", "sent", "read", "unknown_message", "unreadable"]
    assert (await chats.find(first)).delivered_at == AT
    read = await chats.find(second)
    assert (read.state, read.sent_at, read.read_at, read.delivered_at) == ("read", AT, AT, None)


async def test_a_failure_after_delivery_is_ignored(chats: Chats) -> None:
    (message_id,) = await sent(chats, SITI)

    outcomes = await tell(
        chats, told("w", "delivered", opaque=message_id), await failed(chats, message_id, 131026)
    )

    assert outcomes == ["delivered", "ignored"]
    assert await chats.state(message_id) == ("delivered", None)
    assert (await chats.contact()).unreachable_at is None


async def test_words_go_once_without_the_picture_that_could_not_be_fetched_afterwards(chats: Chats) -> None:
    await chats.open(SITI)
    picture = Picture("https://pesan.test/gone.jpg", caption="Baru: cokelat")
    (said,) = await chats.say(message(body=picture))
    await chats.send()
    first = (await chats.find(said)).wamid

    assert await tell(chats, told(first, "failed", opaque=said, code=131053)) == ["queued"]
    for _ in range(2):
        await chats.pass_time()
        await chats.send()

    got = await chats.whatsapp.messages(SITI.removeprefix("+"))
    assert [one["type"] for one in got] == ["image", "text"]
    assert await chats.state(said) == ("accepted", None)


async def test_outside_the_window_the_template_goes_once(chats: Chats) -> None:
    (message_id,) = await sent(chats, SITI)
    first = (await chats.find(message_id)).wamid

    assert await tell(chats, told(first, "failed", opaque=message_id, code=131047)) == ["queued"]
    await chats.pass_time()
    await chats.send()

    got = await chats.whatsapp.messages(SITI.removeprefix("+"))
    assert [one["type"] for one in got] == ["text", "template"]
    second = (await chats.find(message_id)).wamid
    assert second != first
    assert await tell(chats, told(second, "failed", opaque=message_id, code=131047)) == ["failed"]
    assert await chats.state(message_id) == ("failed", "whatsapp.131047")


async def test_a_failure_says_whom_to_leave_alone(chats: Chats) -> None:
    unreachable, unwilling = await sent(chats, SITI, BUDI, line=Line.BROADCAST)

    await tell(
        chats,
        await failed(chats, unreachable, 131026),
        await failed(chats, unwilling, 131050),
    )

    assert await chats.state(unreachable) == ("failed", "whatsapp.131026")
    assert await chats.state(unwilling) == ("failed", "whatsapp.131050")
    siti, budi = await chats.contact(SITI), await chats.contact(BUDI)
    assert (siti.unreachable_at is not None, siti.marketing_stopped_at) == (True, None)
    assert (budi.marketing_stopped_at is not None, budi.unreachable_at) == (True, None)


async def test_what_a_status_tells_of_is_not_sent_again(chats: Chats) -> None:
    await chats.open(SITI)
    await chats.whatsapp.set_faults(failures=[{"code": "cut", "times": 1}], statuses="none")
    (message_id,) = await chats.say(message())
    await chats.send()
    assert await chats.state(message_id) == ("unknown", "chats.unknown")

    assert await tell(chats, told("wamid.1", "sent", opaque=message_id)) == ["sent"]
    await chats.pass_time()

    assert await chats.send() == 0
    found = await chats.find(message_id)
    assert (found.state, found.error_code, found.wamid) == ("sent", None, "wamid.1")


async def test_a_wish_changes_advertising_alone_and_an_older_one_nothing(chats: Chats) -> None:
    def wish(
        seconds: int, *, is_stop: bool, wa: str | None = SITI, user_id: str | None = None
    ) -> PreferenceUpdate:
        return PreferenceUpdate(wa, user_id, is_stop=is_stop, at=AT + timedelta(seconds=seconds))

    outcomes = await tell(
        chats,
        wish(5, is_stop=True),
        wish(3, is_stop=False),
        wish(1, is_stop=True, wa=None),
        wish(2, is_stop=False, wa=None, user_id="ID." + "1" * 140),
    )

    assert outcomes == ["stop", "resume", "unreadable", "unreadable"]
    siti = await chats.contact()
    assert (siti.marketing_stopped_at, siti.stopped_at) == (AT + timedelta(seconds=5), None)


async def test_what_concerns_no_message_is_noted_and_messages_are_left_to_their_desk(chats: Chats) -> None:
    written = InboundMessage("106", "w", SITI, None, None, "text", "Halo", None, None, None, AT, {})

    outcomes = await tell(
        chats,
        TemplateUpdate("102", "1", "kabar", "id", "PAUSED", None, None),
        OtherUpdate("account_alerts", {}),
        written,
    )

    assert outcomes == ["paused", "noted", None]


async def test_acting_on_many_costs_what_acting_on_one_does(
    chats: Chats, count_queries: CountQueries
) -> None:
    said = await sent(chats, *[SITI] * 8)
    costs = []
    for part in (said[:1], said[1:]):
        rows = [row_of(told(f"w{each}", "delivered", opaque=each)) for each in part]
        async with chats.database.write(SYSTEM) as session:
            await session.execute(insert(ChatUpdate), rows)
        with count_queries() as statements:
            async with chats.database.write(SYSTEM) as session:
                assert (await apply_some(session)).count == len(part)
        costs.append(len(statements))

    assert costs[0] == costs[1]


async def test_a_message_is_charged_once_when_it_arrived_and_a_template_stands_as_told(chats: Chats) -> None:
    (said,) = await sent(chats, SITI)
    wamid = (await chats.find(said)).wamid
    priced = [replace(told(wamid, status), pricing=Pricing("regular", "utility")) for status in ORDER]
    refused = TemplateUpdate("1", "2", "kabar", "id", "REJECTED", "UTILITY", "TAG_CONTENT_MISMATCH")

    await tell(chats, priced[0])
    async with chats.database.read(SYSTEM) as session:
        assert (await session.scalars(select(ChatCharge))).all() == []
    await tell(chats, *priced[1:], refused)

    async with chats.database.read(SYSTEM) as session:
        charge = (await session.scalars(select(ChatCharge))).one()
        standing = await session.get_one(TemplateStanding, ("kabar", "id"))
    assert (charge.message_id, charge.phone_number_id, charge.amount) == (said, "106", Decimal("387.5"))
    assert (standing.status, standing.reason) == ("REJECTED", "TAG_CONTENT_MISMATCH")


async def test_what_waits_for_its_template_leaves_when_that_is_approved(chats: Chats) -> None:
    await chats.whatsapp.create_template("kabar")
    pending = TemplateUpdate("1", "2", "kabar", "id", "PENDING", "UTILITY", None)
    await tell(chats, pending)
    (said,) = await chats.say(message(SITI))
    (other,) = await chats.say(message(BUDI, template=TemplateUse("lain", "id", ("Budi",))))
    await chats.send()
    waiting = await chats.find(said)
    taken = await chats.taken()

    await tell(chats, replace(pending, event="APPROVED"))
    await chats.pass_seconds()
    await chats.send()

    assert (waiting.state, waiting.error_code, waiting.attempts) == (
        "queued",
        "chats.template_not_approved",
        0,
    )
    assert taken == {}
    assert await chats.taken() == {said: 1}
    assert (await chats.state(said))[0] == "accepted"
    # WhatsApp was asked, and has no such template; it waits as well.
    assert await chats.state(other) == ("queued", "chats.template_not_approved")


async def test_a_template_that_a_status_refuses_holds_its_other_messages_back(chats: Chats) -> None:
    await chats.whatsapp.create_template("kabar")
    await chats.whatsapp.set_faults(statuses="none")
    (first,) = await chats.say(message(SITI))
    await chats.send()
    (other,) = await chats.say(message(BUDI))

    assert await tell(chats, await failed(chats, first, 132015)) == ["queued"]
    await chats.pass_seconds()
    await chats.send()

    assert await chats.taken() == {first: 1}
    assert await chats.state(other) == ("queued", "chats.template_not_approved")
    async with chats.database.read(SYSTEM) as session:
        standing = await session.get_one(TemplateStanding, ("kabar", "id"))
    assert (standing.status, standing.reason) == ("REFUSED", "whatsapp.132015")


async def test_what_waited_a_day_for_its_template_failed(
    chats: Chats, postgres: Server, database_url: URL
) -> None:
    await tell(chats, TemplateUpdate("1", "2", "kabar", "id", "PAUSED", "UTILITY", None))
    (said,) = await chats.say(message(SITI))
    await chats.send()
    with postgres.connect(database_url.database) as connection:
        connection.execute("UPDATE chat_messages SET created_at = created_at - interval '25 hours'")
    await chats.pass_time()
    await chats.send()

    assert await chats.state(said) == ("failed", "chats.template_not_approved")
    assert await chats.taken() == {}


async def erase(chats: Chats, *message_ids: UUID) -> None:
    """Nobody knows any more whom they were for."""
    await chats.execute(
        "UPDATE chat_messages SET body = NULL, template = NULL, to_wa = NULL, to_user_id = NULL"
        " WHERE id = ANY (:ids)",
        ids=list(message_ids),
    )


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (131026, "whatsapp.131026"),
        (131050, "whatsapp.131050"),
        (131000, "whatsapp.131000"),
        (131042, "whatsapp.131042"),
        (131049, "whatsapp.131049"),
        (131056, "whatsapp.131056"),
        (132015, "chats.template_not_approved"),
    ],
)
async def test_a_failure_of_what_was_for_somebody_who_is_erased_is_the_end_of_it(
    chats: Chats, code: int, error: str
) -> None:
    await chats.whatsapp.create_template("kabar")
    await chats.whatsapp.set_faults(statuses="none")
    said, other = await chats.say(message(SITI, Line.BROADCAST), message(BUDI))
    await chats.send()
    await erase(chats, said)

    outcomes = await tell(chats, await failed(chats, said, code), told("w2", "delivered", opaque=other))

    assert outcomes == ["failed", "delivered"]
    assert await chats.state(said) == ("failed", error)
    async with chats.database.read(SYSTEM) as session:
        assert (await session.scalars(select(ChatContact))).all() == []
        assert (await session.scalars(select(TemplateStanding))).all() == []
        stopped = (await session.scalars(select(ChatLine.reason))).all()
    assert stopped == ([error] if code == 131042 else [])


async def test_one_status_that_cannot_be_applied_holds_up_no_other(chats: Chats) -> None:
    said = await sent(chats, *[SITI] * 4, BUDI)
    taken = (await chats.find(said[0])).wamid
    before = await chats.find(said[2])

    outcomes = await tell(
        chats,
        told("w1", "delivered", opaque=said[1]),
        # The name that another message has.
        told(taken, "delivered", opaque=said[2]),
        told("w3", "read", opaque=said[3]),
        await failed(chats, said[4], 131026),
        PreferenceUpdate(SITI, None, is_stop=True, at=AT),
    )

    assert outcomes == ["delivered", "not_applied", "read", "failed", "stop"]
    assert [(await chats.find(each)).state for each in said] == [
        "accepted",
        "delivered",
        "accepted",
        "read",
        "failed",
    ]
    after = await chats.find(said[2])
    assert (after.wamid, after.delivered_at) == (before.wamid, None)
    assert (await chats.contact(BUDI)).unreachable_at is not None
    assert (await chats.contact(SITI)).marketing_stopped_at == AT
    async with chats.database.write(SYSTEM) as session:
        assert (await apply_some(session)).count == 0, "it is not tried again"


async def test_what_nobody_heard_of_is_not_sent_again_once_its_recipient_is_erased(chats: Chats) -> None:
    await chats.open(SITI, BUDI)
    await chats.whatsapp.set_faults(failures=[{"code": "cut", "times": 2}], statuses="none")
    erased, other = await chats.say(message(SITI), message(BUDI))
    await chats.send()
    await erase(chats, erased)
    await chats.pass_time()

    async with chats.database.write(SYSTEM) as session:
        assert await queue_again(session) == 1

    assert await chats.state(erased) == ("unknown", "chats.unknown")
    assert (await chats.find(other)).state == "queued"


@pytest.mark.parametrize("code", [131000, 131026])
async def test_a_late_failure_of_a_lost_handing_over_changes_nothing_of_the_second(
    chats: Chats, code: int
) -> None:
    await chats.open(SITI)
    await chats.whatsapp.set_faults(failures=[{"code": "cut", "times": 1}], statuses="none")
    (said,) = await chats.say(message())
    await chats.send()
    await chats.pass_time()
    async with chats.database.write(SYSTEM) as session:
        assert await queue_again(session) == 1
    await chats.send()
    second = (await chats.find(said)).wamid

    assert await tell(chats, told("wamid.lost", "failed", opaque=said, code=code)) == ["noted"]

    found = await chats.find(said)
    assert (found.state, found.wamid, found.error_code) == ("accepted", second, None)
    assert (await chats.contact()).unreachable_at is None
    await chats.pass_time()
    assert await chats.send() == 0, "it is not sent a third time"


async def test_advertising_that_a_status_tells_came_too_often_waits_a_day_once(
    chats: Chats, postgres: Server, database_url: URL
) -> None:
    (said,) = await sent(chats, SITI, line=Line.BROADCAST)
    outcomes = []
    for _ in range(2):
        wamid = (await chats.find(said)).wamid
        outcomes += await tell(
            chats, told(wamid, "sent", opaque=said), told(wamid, "failed", opaque=said, code=131049)
        )
        with postgres.connect(database_url.database) as connection:
            connection.execute("UPDATE chat_messages SET created_at = created_at - interval '24 hours'")
        await chats.pass_time()
        await chats.send()

    assert outcomes == ["sent", "queued", "sent", "failed"]
    assert await chats.state(said) == ("failed", "whatsapp.131049")
    assert (await chats.taken())[said] == 2
