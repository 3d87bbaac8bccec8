"""Joining a trip from a page, from the chat and by the jastiper's hand, and leaving it."""

from dataclasses import replace

import pytest

from pesan.db import Actor, ActorKind
from pesan.jastip.errors import AlreadyJoined, TripClosed
from pesan.jastip.models import Participant
from pesan.jastip.queries.trips import get_trip
from pesan.jastip.service.participants import (
    Joiner,
    JoinOutcome,
    add_participant,
    join_from_chat,
    unsubscribe,
)
from pesan.jastip.service.trips import amend_trip
from pesan.jastip.states import JoinState
from pesan.kit.ids import new_id
from tests.support.factories import SYSTEM
from tests.support.trips import make_journey, make_participant

pytestmark = pytest.mark.every_postgres
SITI = Joiner("Siti", wa="+6281234567890")


@pytest.fixture
async def journey(make, database, settings):
    return await make_journey(make, database, settings)


async def join(database, journey, joiner=SITI):
    async with database.write(SYSTEM) as session:
        trip = await get_trip(session, journey.id)
        person, outcome = await join_from_chat(session, trip, joiner, actor=SYSTEM)
        return person.id, outcome


async def read(database, person_id):
    async with database.read(SYSTEM) as session:
        return await session.get_one(Participant, person_id)


async def test_whoever_writes_join_takes_part_once(journey, database):
    first, came = await join(database, journey)
    again, known = await join(database, journey)

    assert (first, came, known) == (again, JoinOutcome.JOINED, JoinOutcome.KNOWN)
    person = await read(database, first)
    assert (person.name, person.state, person.joined_at is not None) == ("Siti", "joined", True)


async def test_a_page_alone_does_not_show_whose_a_number_is(journey, database):
    person_id = new_id()
    guest = Actor(ActorKind.GUEST, participant_ids=(person_id,))
    async with database.write(guest) as session:
        trip = await get_trip(session, journey.id)
        joiner = replace(SITI, name="Orang Lain", id=person_id)
        person = await add_participant(session, trip, joiner, state=JoinState.PENDING, actor=guest)

    assert person.state == JoinState.PENDING
    assert await join(database, journey) == (person_id, JoinOutcome.CONFIRMED)
    assert (await read(database, person_id)).name == "Siti"


async def test_a_number_takes_part_in_a_trip_once(journey):
    await make_participant(journey, wa="+6281234567890")

    with pytest.raises(AlreadyJoined):
        await make_participant(journey, wa="+6281234567890")


async def test_whoever_left_comes_back_by_writing_join(journey, database):
    person = await make_participant(journey, wa=SITI.wa)
    async with database.write(SYSTEM) as session:
        await unsubscribe(session, person.id, actor=SYSTEM)
    left = await read(database, person.id)

    assert await join(database, journey) == (person.id, JoinOutcome.BACK)
    assert (left.unsubscribed_at is not None, (await read(database, person.id)).unsubscribed_at) == (
        True,
        None,
    )


async def test_nobody_joins_a_closed_trip(journey, database):
    async with database.write(SYSTEM) as session:
        await amend_trip(session, journey.id, said={"is_active": False}, actor=SYSTEM)

    with pytest.raises(TripClosed):
        await join(database, journey)


async def test_whoever_brought_somebody_is_known(journey, database):
    inviter = await make_participant(journey)
    code = f" {inviter.referral_code.lower()} "

    joined, _ = await join(database, journey, replace(SITI, referral_code=code))

    assert (await read(database, joined)).referred_by == inviter.id
