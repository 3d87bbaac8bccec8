"""Broadcasts: frozen when they are planned, handed on once to everybody, cancelled for whoever was not told."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from pesan.chats.claiming import claim, make_slots
from pesan.chats.models import ChatMessage
from pesan.chats.states import MessageState
from pesan.chats.topics import topic_of
from pesan.db import Database
from pesan.errors import InvalidInput
from pesan.jastip.errors import BroadcastNotFound, BroadcastOver, NobodyToTell
from pesan.jastip.links import Links
from pesan.jastip.queries.broadcasts import get_progress, list_broadcasts, list_due_broadcasts, version_of
from pesan.jastip.service import broadcasts
from pesan.jastip.service.broadcasts import cancel_broadcast, hand_on, plan_broadcast
from pesan.jastip.service.participants import unsubscribe
from pesan.jastip.service.trips import delete_trip
from pesan.jastip.states import Audience, BroadcastState, JoinState
from pesan.jastip.tasks import hand_on_broadcast
from pesan.jastip.tokens import ParticipantTokens
from pesan.kit.registry import Registry
from pesan.realtime import Hub
from pesan.realtime.hub import Signal
from tests.support.factories import SYSTEM
from tests.support.trips import make_journey, make_participant, make_product, order

pytestmark = pytest.mark.every_postgres


@pytest.fixture
async def journey(make, database, settings):
    return await make_journey(make, database, settings)


@pytest.fixture
def links(settings):
    return Links(settings.base_url, ParticipantTokens(settings.secret))


async def plan(database, journey, *, words="Besok ke Don Quijote!", audience=Audience.ALL, starts_at=None):
    async with database.write(journey.staff) as session:
        planned = await plan_broadcast(
            session, journey.id, words=words, audience=audience, starts_at=starts_at, actor=journey.staff
        )
        return planned.id


async def hand_on_all(database, broadcast_id, links):
    more = True
    while more:
        async with database.write(SYSTEM) as session:
            more = await hand_on(session, broadcast_id, links=links, actor=SYSTEM)


async def told(database):
    """Who has a message, by number."""
    async with database.read(SYSTEM) as session:
        return sorted(await session.scalars(select(ChatMessage.to_wa)))


async def progress(database, journey, broadcast_id):
    async with database.read(journey.staff) as session:
        return await get_progress(session, broadcast_id)


async def test_everybody_who_takes_part_is_told_once(journey, database, links, monkeypatch):
    monkeypatch.setattr(broadcasts, "CHUNK", 2)
    people = [await make_participant(journey) for _ in range(5)]
    await make_participant(journey, state=JoinState.PENDING)
    broadcast_id = await plan(database, journey)

    await hand_on_all(database, broadcast_id, links)
    await hand_on_all(database, broadcast_id, links)

    assert await told(database) == sorted(person.wa for person in people)
    came = await progress(database, journey, broadcast_id)
    assert (came.broadcast.state, came.counts) == (BroadcastState.DONE, {"queued": 5})


async def test_two_workers_at_one_broadcast_tell_everybody_once(journey, database, links, monkeypatch):
    monkeypatch.setattr(broadcasts, "CHUNK", 2)
    people = [await make_participant(journey) for _ in range(9)]
    broadcast_id = await plan(database, journey)

    await asyncio.gather(*(hand_on_all(database, broadcast_id, links) for _ in range(3)))

    assert await told(database) == sorted(person.wa for person in people)
    assert (await progress(database, journey, broadcast_id)).counts == {"queued": 9}


async def test_a_chunk_that_fails_is_told_to_nobody_and_to_everybody_later(
    journey, database, links, monkeypatch
):
    monkeypatch.setattr(broadcasts, "CHUNK", 2)
    people = [await make_participant(journey) for _ in range(5)]
    broadcast_id = await plan(database, journey)

    with pytest.raises(RuntimeError):
        async with database.write(SYSTEM) as session:
            await hand_on(session, broadcast_id, links=links, actor=SYSTEM)
            raise RuntimeError("the worker died here")
    before = await told(database)
    await hand_on_all(database, broadcast_id, links)

    assert (before, await told(database)) == ([], sorted(person.wa for person in people))


async def test_whoever_joins_later_is_not_told_and_whoever_leaves_is_not_either(journey, database, links):
    stays, leaves = await make_participant(journey), await make_participant(journey)
    broadcast_id = await plan(database, journey)
    await make_participant(journey)
    async with database.write(SYSTEM) as session:
        await unsubscribe(session, leaves.id, actor=SYSTEM)

    await hand_on_all(database, broadcast_id, links)

    assert await told(database) == [stays.wa]
    assert (await progress(database, journey, broadcast_id)).counts == {"queued": 1, "left": 1}


@pytest.mark.parametrize(("audience", "number"), [(Audience.ORDERED, 0), (Audience.NOT_ORDERED, 1)])
async def test_the_audience_is_whoever_ordered_or_did_not(journey, database, links, audience, number):
    people = [await make_participant(journey), await make_participant(journey)]
    await order(journey, people[0], (await make_product(journey), 1))

    await hand_on_all(database, await plan(database, journey, audience=audience), links)

    assert await told(database) == [people[number].wa]


async def test_what_is_planned_for_later_waits_until_then(journey, database, links):
    await make_participant(journey)
    broadcast_id = await plan(database, journey, starts_at=datetime.now(UTC) + timedelta(hours=1))

    await hand_on_all(database, broadcast_id, links)

    assert await told(database) == []
    async with database.read(SYSTEM) as session:
        assert await list_due_broadcasts(session) == []


async def test_a_time_that_is_over_means_at_once(journey, database):
    await make_participant(journey)
    broadcast_id = await plan(database, journey, starts_at=datetime.now(UTC) - timedelta(hours=1))

    async with database.read(SYSTEM) as session:
        assert await list_due_broadcasts(session) == [broadcast_id]


@pytest.mark.parametrize("words", ["", "   ", "a" * 601])
async def test_too_little_and_too_much_is_refused(journey, database, words):
    await make_participant(journey)

    with pytest.raises(InvalidInput):
        await plan(database, journey, words=words)

    async with database.read(journey.staff) as session:
        assert await list_broadcasts(session, journey.id) == []


async def test_nobody_to_tell_is_no_broadcast(journey, database):
    await make_participant(journey, state=JoinState.PENDING)

    with pytest.raises(NobodyToTell):
        await plan(database, journey)


async def test_a_cancelled_one_is_told_to_nobody_who_was_not_told(journey, database, links, monkeypatch):
    monkeypatch.setattr(broadcasts, "CHUNK", 2)
    for _ in range(4):
        await make_participant(journey)
    broadcast_id = await plan(database, journey)
    async with database.write(SYSTEM) as session:
        await hand_on(session, broadcast_id, links=links, actor=SYSTEM)
        first = select(func.min(ChatMessage.to_wa)).scalar_subquery()
        left = update(ChatMessage).where(ChatMessage.to_wa == first)
        await session.execute(left.values(state=MessageState.SENT.value))

    async with database.write(journey.staff) as session:
        await cancel_broadcast(session, broadcast_id, actor=journey.staff)
    await hand_on_all(database, broadcast_id, links)

    came = await progress(database, journey, broadcast_id)
    assert (came.broadcast.state, came.counts) == (BroadcastState.CANCELLED, {"sent": 1, "cancelled": 3})
    assert (came.reached, came.open) == (1, 0)


async def test_what_is_over_is_not_cancelled(journey, database, links):
    await make_participant(journey)
    broadcast_id = await plan(database, journey)
    await hand_on_all(database, broadcast_id, links)
    async with database.write(SYSTEM) as session:
        await session.execute(update(ChatMessage).values(state=MessageState.READ.value))

    async with database.write(journey.staff) as session:
        with pytest.raises(BroadcastOver):
            await cancel_broadcast(session, broadcast_id, actor=journey.staff)

    assert (await progress(database, journey, broadcast_id)).counts == {"read": 1}


async def test_another_jastiper_sees_none_of_it(journey, make, database, settings):
    await make_participant(journey)
    broadcast_id = await plan(database, journey)
    other = await make_journey(make, database, settings)

    async with database.read(other.staff) as session:
        with pytest.raises(BroadcastNotFound):
            await get_progress(session, broadcast_id)
    async with database.write(other.staff) as session:
        with pytest.raises(BroadcastNotFound):
            await cancel_broadcast(session, broadcast_id, actor=other.staff)


async def test_whoever_leaves_hears_no_more_of_what_waits_already(journey, database, links):
    person = await make_participant(journey)
    await hand_on_all(database, await plan(database, journey), links)
    async with database.write(SYSTEM) as session:
        await unsubscribe(session, person.id, actor=SYSTEM)

    async with database.write(SYSTEM) as session:
        await make_slots(session, "1", 10)
        claims = await claim(session, "1", 10)

    assert (claims.taken, claims.refused) == ([], 1)
    async with database.read(SYSTEM) as session:
        assert (await session.scalars(select(ChatMessage.error_code))).all() == ["chats.stopped"]


async def test_nobody_is_told_of_a_trip_that_was_deleted_meanwhile(journey, database, links):
    await make_participant(journey)
    broadcast_id = await plan(database, journey)
    async with database.write(SYSTEM) as session:
        await delete_trip(session, journey.id, actor=SYSTEM)

    await hand_on_all(database, broadcast_id, links)

    assert await told(database) == []
    assert (await progress(database, journey, broadcast_id)).broadcast.state == BroadcastState.CANCELLED


async def test_whoever_looks_is_told_that_it_goes_on(journey, database, links):
    await make_participant(journey)
    broadcast_id = await plan(database, journey)
    before = version_of([await progress(database, journey, broadcast_id)])
    deps, hub = Registry(), Hub()
    deps.add(Database, database)
    deps.add(Links, links)
    deps.add(Hub, hub)
    with hub.subscribe([topic_of(journey.id)]) as looking, hub.subscribe(["chats:other"]) as away:
        await hand_on_broadcast(deps, broadcast_id)
        signals = [await looking.wait(30), await away.wait(0)]

    after = version_of([await progress(database, journey, broadcast_id)])
    assert (signals, before == after) == ([Signal.CHANGED, Signal.IDLE], False)
