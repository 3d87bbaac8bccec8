"""Whoever cancels a broadcast cancels as well what of it has left, failed, and would be said again."""

from uuid import UUID

import pytest
from sqlalchemy import insert

from pesan.chats.claiming import claim, make_slots
from pesan.chats.models import ChatUpdate
from pesan.chats.noting import Outcome, note
from pesan.chats.statuses import apply_some
from pesan.chats.updates import row_of
from pesan.chats.verdicts import judge
from pesan.db import Database
from pesan.jastip.links import Links
from pesan.jastip.service.broadcasts import cancel_broadcast, hand_on, plan_broadcast
from pesan.jastip.states import Audience
from pesan.jastip.tokens import ParticipantTokens
from pesan.messaging.whatsapp.failures import FailureKind
from pesan.messaging.whatsapp.inbound import StatusUpdate
from pesan.settings import Settings
from tests.chats.test_statuses import AT
from tests.support.chats import SYSTEM, Chats
from tests.support.factories import Make
from tests.support.trips import Journey, make_journey, make_participant

NUMBER = "1"


@pytest.fixture
async def journey(make: Make, database: Database, settings: Settings) -> Journey:
    return await make_journey(make, database, settings)


@pytest.fixture
async def broadcast_id(journey: Journey, chats: Chats, settings: Settings) -> UUID:
    """One that was handed on to one person, to whom anything may be said."""
    person = await make_participant(journey)
    assert person.wa is not None
    await chats.open(person.wa)
    await chats.whatsapp.set_faults(statuses="none")
    async with chats.database.write(journey.staff) as session:
        planned = await plan_broadcast(
            session, journey.id, words="Besok!", audience=Audience.ALL, starts_at=None, actor=journey.staff
        )
    links = Links(settings.base_url, ParticipantTokens(settings.secret))
    async with chats.database.write(SYSTEM) as session:
        await hand_on(session, planned.id, links=links, actor=SYSTEM)
    return planned.id


async def cancel(chats: Chats, journey: Journey, broadcast_id: UUID) -> None:
    async with chats.database.write(journey.staff) as session:
        await cancel_broadcast(session, broadcast_id, actor=journey.staff)


@pytest.mark.parametrize("is_cancelled", [True, False])
async def test_what_a_status_tells_failed_is_not_queued_again(
    chats: Chats, journey: Journey, broadcast_id: UUID, is_cancelled: bool
) -> None:
    await chats.send()
    (said,) = await chats.taken()
    if is_cancelled:
        await cancel(chats, journey, broadcast_id)
    wamid = (await chats.find(said)).wamid or ""

    told = StatusUpdate("106", wamid, "failed", AT, str(said), None, 131049, None)
    async with chats.database.write(SYSTEM) as session:
        await session.execute(insert(ChatUpdate), [row_of(told)])
        await apply_some(session)

    assert await chats.state(said) == ("failed" if is_cancelled else "queued", "whatsapp.131049")


@pytest.mark.parametrize("is_cancelled", [True, False])
async def test_what_was_being_handed_over_is_not_handed_over_again(
    chats: Chats, journey: Journey, broadcast_id: UUID, is_cancelled: bool
) -> None:
    async with chats.database.write(SYSTEM) as session:
        await make_slots(session, NUMBER, 1)
        (claimed,) = (await claim(session, NUMBER, 1)).taken
    if is_cancelled:
        await cancel(chats, journey, broadcast_id)
    async with chats.database.write(SYSTEM) as session:
        refused = judge(FailureKind.RETRY, 131000, claimed.draft, as_template=claimed.as_template)
        await note(session, NUMBER, [Outcome(claimed, verdict=refused)])
    await chats.pass_time()

    await chats.send()

    assert await chats.state(claimed.id) == (
        ("cancelled", "chats.cancelled") if is_cancelled else ("accepted", None)
    )
