"""Windows of a day, choices that hold in whatever order they come, and one person under two names."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from sqlalchemy import func, select, update

from pesan.chats import contacts
from pesan.chats.contacts import is_window_open, meet, open_window, resume, stop
from pesan.chats.models import ChatContact
from pesan.db import Actor, Database, WriteSession

SYSTEM = Actor.system("tests")
WA, OTHER_WA = "+6281234567890", "+6281234567899"
USER_ID, OTHER_USER_ID = "ID.10000000000000000001", "ID.10000000000000000002"
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


async def write(
    session: WriteSession, wa: str | None, user_id: str | None, at: datetime = NOON, name: str = "Siti"
) -> ChatContact:
    return await open_window(session, wa=wa, user_id=user_id, profile_name=name, at=at)


async def everybody(database: Database) -> list[tuple[str | None, str | None]]:
    async with database.read(SYSTEM) as session:
        found = await session.scalars(select(ChatContact).order_by(ChatContact.wa, ChatContact.user_id))
        return [(contact.wa, contact.user_id) for contact in found]


async def test_a_window_lasts_a_day_from_the_last_message_whatever_comes_late(database: Database) -> None:
    async with database.write(SYSTEM) as session:
        first = await write(session, WA, None)
        assert first.window_until == NOON + timedelta(hours=24)
        late = await write(session, WA, None, NOON - timedelta(hours=3), name="")
        assert (late.window_until, late.profile_name) == (NOON + timedelta(hours=24), "Siti")
        later = await write(session, WA, None, NOON + timedelta(hours=1), name="Ibu Siti")
        assert (later.window_until, later.profile_name) == (NOON + timedelta(hours=25), "Ibu Siti")


async def test_a_clock_that_is_ahead_holds_no_window_open(database: Database) -> None:
    async with database.write(SYSTEM) as session:
        contact = await write(session, WA, None, datetime.now(UTC) + timedelta(days=300))
        now = (await session.scalars(select(func.clock_timestamp()))).one()

    assert contact.window_until is not None
    assert contact.window_until <= now + timedelta(hours=24)


@pytest.mark.parametrize(("left", "is_open"), [(timedelta(seconds=30), True), (timedelta(0), False)])
async def test_a_window_is_shut_at_its_last_instant(
    database: Database, left: timedelta, is_open: bool
) -> None:
    async with database.write(SYSTEM) as session:
        contact = await write(session, WA, USER_ID)
        await write(session, None, OTHER_USER_ID, datetime.now(UTC))
        until = func.clock_timestamp() + left
        query = update(ChatContact).where(ChatContact.id == contact.id)
        await session.execute(query.values(window_until=until))

    async with database.read(SYSTEM) as session:
        assert await is_window_open(session, wa=WA, user_id=None) is is_open
        assert await is_window_open(session, wa=None, user_id=USER_ID) is is_open
        assert await is_window_open(session, wa=OTHER_WA, user_id=None) is False


CHOICES = [
    ("stop", 1, False),
    ("resume", 2, False),
    ("stop", 3, True),
    ("resume", 4, True),
    ("stop", 5, False),
]


@pytest.mark.parametrize("count", [2, 3, 4, 5])
async def test_choices_hold_in_whatever_order_they_come(database: Database, count: int) -> None:
    ends = set()
    for order in permutations(CHOICES[:count]):
        async with database.write(SYSTEM) as session:
            contact = await meet(session, wa=WA, user_id=None)
            contact.stopped_at = contact.marketing_stopped_at = None
            contact.choice_at = contact.marketing_choice_at = None
            for name, minutes, marketing_only in order:
                choose = getattr(contacts, name)
                at = NOON + timedelta(minutes=minutes)
                await choose(session, contact, at=at, marketing_only=marketing_only)
            ends.add((contact.stopped_at, contact.marketing_stopped_at))

    stopped = NOON + timedelta(minutes=5) if count == 5 else None
    no_marketing = NOON + timedelta(minutes=3) if count == 3 else None
    assert ends == {(stopped, no_marketing)}


async def test_of_a_stop_and_a_return_in_one_second_the_stop_holds(database: Database) -> None:
    async with database.write(SYSTEM) as session:
        for wa, choices in ((WA, (stop, resume)), (OTHER_WA, (resume, stop))):
            contact = await meet(session, wa=wa, user_id=None)
            for choose in choices:
                await choose(session, contact, at=NOON)
            assert contact.stopped_at == NOON


@pytest.mark.parametrize("known_by", [(WA, None), (None, USER_ID)])
async def test_somebody_known_by_one_name_is_known_by_both(
    database: Database, known_by: tuple[str | None, str | None]
) -> None:
    async with database.write(SYSTEM) as session:
        known = await write(session, *known_by)
        assert (await write(session, WA, USER_ID)).id == known.id
        assert (await write(session, None, USER_ID)).id == known.id

    assert await everybody(database) == [(WA, USER_ID)]


async def test_one_person_under_two_names_keeps_the_longer_window_and_the_later_choice(
    database: Database,
) -> None:
    async with database.write(SYSTEM) as session:
        by_number = await write(session, WA, None, NOON + timedelta(hours=2))
        await stop(session, by_number, at=NOON + timedelta(hours=2))
        by_id = await write(session, None, USER_ID)
        await resume(session, by_id, at=NOON)
        both = await write(session, WA, USER_ID)

    assert await everybody(database) == [(WA, USER_ID)]
    assert (both.window_until, both.stopped_at) == (NOON + timedelta(hours=26), NOON + timedelta(hours=2))


async def test_a_number_that_went_to_somebody_else_is_theirs(database: Database) -> None:
    async with database.write(SYSTEM) as session:
        await write(session, WA, USER_ID)
        await write(session, OTHER_WA, OTHER_USER_ID)
        await write(session, WA, OTHER_USER_ID)

    assert await everybody(database) == [(WA, OTHER_USER_ID), (None, USER_ID)]


async def test_two_who_meet_somebody_at_once_meet_one_person(database: Database) -> None:
    async def once() -> None:
        async with database.write(SYSTEM) as session:
            await write(session, WA, USER_ID)

    await asyncio.gather(*(once() for _ in range(4)))

    assert await everybody(database) == [(WA, USER_ID)]
