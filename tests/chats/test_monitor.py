"""Whoever looks after the chats sees each line, stops it, tries again and lets go, and nobody else does."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from pesan.chats.invariants import INVARIANTS
from pesan.chats.levels import chat_levels
from pesan.chats.queries import (
    FailureCount,
    LineLevel,
    list_failed,
    list_failure_counts,
    list_line_levels,
    list_pauses,
)
from pesan.chats.service import cancel_message, pause_line, resume_line, retry_message
from pesan.chats.states import PRIORITIES, Line
from pesan.db import Actor, Database
from tests.support.chats import SITI, SYSTEM, Chats, message

ADMIN = Actor.staff(uuid4(), frozenset(), is_platform_admin=True)


async def fail(chats: Chats, count: int = 1) -> None:
    """Messages that nobody may be sent."""
    await chats.say(*(message(template=None, line=Line.CONFIRMATION) for _ in range(count)))
    await chats.send()


async def test_each_line_says_what_waits_and_what_became_of_it(chats: Chats, web_database: Database) -> None:
    await fail(chats)
    await chats.open(SITI)
    await chats.say(message(line=Line.REPLIES))
    await chats.send()
    old, _, later = await chats.say(*(message() for _ in range(3)))
    minute, hour = timedelta(minutes=1), timedelta(hours=1)
    await chats.execute("UPDATE chat_messages SET due_at = due_at - :by WHERE id = :id", by=minute, id=old)
    await chats.execute("UPDATE chat_messages SET due_at = due_at + :by WHERE id = :id", by=hour, id=later)

    async with web_database.read(ADMIN) as session:
        levels = {level.line: level for level in await list_line_levels(session)}
        reasons = await list_failure_counts(session)

    assert list(levels) == list(PRIORITIES)
    assert levels[Line.BROADCAST] == LineLevel(Line.BROADCAST, 0, 0, 0, 0, 0, 0, 0.0)
    assert levels[Line.REPLIES].left == 1
    assert levels[Line.CONFIRMATION].failed == 1
    news = levels[Line.NOTIFICATIONS]
    assert (news.waiting, news.scheduled, news.oldest_seconds >= 60) == (2, 1, True)
    assert reasons == [FailureCount(Line.CONFIRMATION, "chats.outside_window", 1)]


async def test_failed_messages_come_by_pages_and_are_tried_again_once(
    chats: Chats, web_database: Database
) -> None:
    await fail(chats, 3)
    async with web_database.read(ADMIN) as session:
        first = await list_failed(session, size=2)
        second = await list_failed(session, before=first[-1].id, size=2)
    assert [len(first), len(second)] == [2, 1]
    assert len({each.id for each in (*first, *second)}) == 3
    await chats.open(SITI)

    async with web_database.write(ADMIN) as session:
        assert await retry_message(session, first[0].id, actor=ADMIN) is True
        assert await retry_message(session, first[0].id, actor=ADMIN) is False
        assert await cancel_message(session, first[1].id, actor=ADMIN) is False, "it does not wait"
    await chats.send()

    assert await chats.state(first[0].id) == ("accepted", None)
    assert (await chats.find(first[0].id)).failed_at is None


async def test_a_failed_message_to_somebody_who_is_erased_is_not_tried_again(
    chats: Chats, web_database: Database
) -> None:
    await fail(chats, 1)
    await chats.execute("UPDATE chat_messages SET template = NULL, body = NULL, to_wa = NULL")
    async with web_database.read(ADMIN) as session:
        (failed,) = await list_failed(session)

    async with web_database.write(ADMIN) as session:
        assert await retry_message(session, failed.id, actor=ADMIN) is False

    assert await chats.state(failed.id) == ("failed", "chats.outside_window")


async def test_a_message_that_waits_can_be_cancelled_by_those_who_see_it(
    chats: Chats, web_database: Database
) -> None:
    (message_id,) = await chats.say(message())
    stranger = Actor.staff(uuid4(), frozenset([uuid4()]))

    async with web_database.write(stranger) as session:
        assert await cancel_message(session, message_id, actor=stranger) is False
    async with web_database.write(ADMIN) as session:
        assert await cancel_message(session, message_id, actor=ADMIN) is True

    assert await chats.send() == 0
    assert await chats.state(message_id) == ("cancelled", "chats.cancelled")


async def test_a_line_waits_for_whoever_stopped_it(chats: Chats, web_database: Database) -> None:
    await chats.open(SITI)
    await chats.say(message())
    async with web_database.write(ADMIN) as session:
        assert await pause_line(session, Line.NOTIFICATIONS, actor=ADMIN, reason="salah harga") is True
        assert await pause_line(session, None, actor=ADMIN, reason="libur") is True
        every, line = await list_pauses(session)
        assert (every.line, every.reason) == (None, "libur")
        assert (line.line, line.paused_by, line.reason) == (Line.NOTIFICATIONS, ADMIN.user_id, "salah harga")
        assert await resume_line(session, None, actor=ADMIN) is True
        assert await resume_line(session, None, actor=ADMIN) is False
    assert await chats.send() == 0

    async with web_database.write(ADMIN) as session:
        assert await resume_line(session, Line.NOTIFICATIONS, actor=ADMIN) is True
        assert await list_pauses(session) == []

    assert await chats.send() == 1


async def test_a_merchants_staff_stop_nobodys_messages(chats: Chats, web_database: Database) -> None:
    staff = Actor.staff(uuid4(), frozenset([uuid4()]))

    with pytest.raises(ProgrammingError, match="row-level security"):
        async with web_database.write(staff) as session:
            await pause_line(session, Line.NOTIFICATIONS, actor=staff, reason="iseng")

    async with web_database.read(ADMIN) as session:
        assert await list_pauses(session) == []


async def test_lines_are_gauges(chats: Chats, web_database: Database) -> None:
    await chats.say(message())
    async with chats.database.write(SYSTEM) as session:
        await pause_line(session, None, actor=SYSTEM, reason="libur")

    levels = {level.name: level.readings for level in await chat_levels(web_database)()}

    waiting = {"line": "notifications", "state": "waiting"}
    assert [value for labels, value in levels["chat_messages"] if labels == waiting] == [1.0]
    assert [labels["line"] for labels, value in levels["chat_lines_paused"] if value] == ["all"]
    assert len(levels["chat_messages_oldest_seconds"]) == len(levels["chat_messages_left_last_minute"]) == 5


async def test_the_doctor_finds_what_is_wrong_with_messages(chats: Chats) -> None:
    await chats.open(SITI)
    stuck, nameless = await chats.say(message(), message())
    await chats.send()
    assert await offenders(chats) == set()

    await chats.execute(
        "UPDATE chat_messages SET state = 'sending', lease_until = clock_timestamp() - interval '1 hour'"
        " WHERE id = :id",
        id=stuck,
    )
    await chats.execute("UPDATE chat_messages SET wamid = NULL WHERE id = :id", id=nameless)
    await chats.execute(
        "UPDATE chat_slots SET free_at = clock_timestamp() + interval '1 hour' WHERE slot = 1"
    )
    await chats.execute(
        "INSERT INTO chat_updates (id, key, kind, payload, received_at)"
        " VALUES (:id, 'k', 'status', '{}', clock_timestamp() - interval '1 hour')",
        id=uuid4(),
    )

    assert await offenders(chats) == {
        "chats.no_message_past_its_lease",
        "chats.accepted_have_a_name",
        "chats.slots_are_given_back",
        "chats.updates_are_applied",
    }


async def offenders(chats: Chats) -> set[str]:
    found = set()
    for rule in INVARIANTS:
        async with chats.database.read(SYSTEM) as session:
            found |= {rule.name for _ in await session.execute(text(rule.sql))}
    return found
