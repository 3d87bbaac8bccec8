"""A load of messages on several processes of which some are killed: each is handled once, and answered within the pace.

A broadcast that is killed in the middle tells everybody once, or says of whom it does not know.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import text

from pesan.chats.states import MOST_PER_SECOND
from pesan.db import Database
from pesan.jastip.queries.broadcasts import Progress, get_progress
from pesan.jastip.service.broadcasts import plan_broadcast
from pesan.jastip.states import Audience, BroadcastState
from tests.support.factories import SYSTEM, Make
from tests.support.kill import Part, find, kill
from tests.support.service import Service
from tests.support.trips import Journey, make_journey
from tests.support.whatsapp import WEBHOOK_PATH, FakeWhatsApp

pytestmark = pytest.mark.timeout(2_400)
TALKERS, JOINERS = 200, 12
MEMBERS = 5_000
# Thousands of messages, of which each is told of again: two minutes alone on a quick machine.
WITHIN_SECONDS = 1_000.0
_MEMBERS = text(
    "INSERT INTO participants"
    " (id, merchant_id, event_id, wa, name, state, joined_at, referral_code, audit_seq, audit_head)"
    " SELECT gen_random_uuid(), :merchant_id, :event_id, '+62813' || lpad(n::text, 8, '0'), 'Siti', 'joined', now(),"
    " lpad(upper(to_hex(n)), 8, '0'), 0, decode(repeat('00', 32), 'hex') FROM generate_series(1, :count) AS n"
)


@pytest.fixture
async def journey(make: Make, database: Database, settings) -> Journey:
    return await make_journey(make, database, settings, slug="jpn25")


@pytest.fixture
async def service(live_server, whatsapp: FakeWhatsApp) -> Callable[..., Awaitable[Service]]:
    """Starts the instance that the fake tells, and is told by."""

    async def start(**environment: str) -> Service:
        service: Service = await live_server(workers=2, **whatsapp.environment, **environment)
        whatsapp.deliver_to(f"{service.url}{WEBHOOK_PATH}")
        return service

    return start


async def until(wanted: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something that has to come."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while not await wanted():
            await asyncio.sleep(0.2)


async def kill_worker(service: Service) -> None:
    """Kill it, and wait until there is another."""
    killed = set(kill(service, Part.WORKER))

    async def is_back() -> bool:
        return any(process.pid not in killed for process in find(service, Part.WORKER))

    await until(is_back)


async def outcomes(database: Database) -> Counter[str]:
    async with database.read(SYSTEM) as session:
        query = text(
            "SELECT coalesce(outcome, 'open') AS came, count(*) FROM chat_updates WHERE kind = 'message' GROUP BY 1"
        )
        return Counter({row.came: row.count for row in await session.execute(query)})


async def test_each_message_is_handled_once_and_answers_keep_the_pace(service, whatsapp, journey, database):
    instance = await service()
    talk = {"duplicates": 0.3, "reorder": True, "per_second": 100}

    heard = asyncio.gather(
        whatsapp.burst(count=TALKERS, batch=3, customers=50, **talk),
        whatsapp.burst(count=JOINERS, customers=JOINERS, text="JOIN jpn25 | Nama: Siti", **talk),
    )
    for _ in range(2):
        await asyncio.sleep(0.5)
        await kill_worker(instance)
    bursts = await heard

    assert {status for burst in bursts for status in burst["statuses"]} == {"200"}
    expected = Counter({"unknown": TALKERS, "joined": JOINERS})
    await until(partial(_all_handled, database, expected))
    # One that a killed worker had in hand may not have left: nobody knows, and it is sent once more after two minutes.
    await until(partial(_all_left, database, "queued", "sending", "unknown"))
    measures = await whatsapp.measures()
    assert Counter(measures["opaque"].values()) == {1: JOINERS}
    assert max(measures["greatest_per_second"].values()) <= MOST_PER_SECOND


async def test_a_broadcast_that_is_killed_tells_everybody_once_or_says_of_whom_it_does_not_know(
    service, whatsapp, journey, database
):
    async with database.write(SYSTEM) as session:
        await session.execute(
            _MEMBERS, {"merchant_id": journey.merchant.id, "event_id": journey.id, "count": MEMBERS}
        )
    instance = await service(PESAN_WA_PER_SECOND="400", PESAN_BASE_URL="http://127.0.0.1")
    await asyncio.to_thread(instance.run, "whatsapp", "templates", "--submit")
    await until(partial(_is_approved, database))
    async with database.write(journey.staff) as session:
        planned = await plan_broadcast(
            session,
            journey.id,
            words="Besok ke Osaka",
            audience=Audience.ALL,
            starts_at=None,
            actor=journey.staff,
        )

    for share in (0.1, 0.4):
        await until(partial(_has_reached, database, planned.id, share * MEMBERS))
        await kill_worker(instance)
    await until(partial(_is_over, database, planned.id))

    came = await _read(database, planned.id)
    measures = await whatsapp.measures()
    assert came.reached + came.counts.get("unknown", 0) == MEMBERS
    assert set(measures["opaque"].values()) == {1}


async def _all_handled(database: Database, expected: Counter[str]) -> bool:
    return await outcomes(database) == expected


async def _is_approved(database: Database) -> bool:
    """Whether WhatsApp's word on the template that carries broadcasts has been heard; before, it carries none."""
    async with database.read(SYSTEM) as session:
        waiting = (
            "SELECT bool_and(status = 'APPROVED') FROM chat_templates WHERE name LIKE 'pesan_broadcast_%'"
        )
        return bool(await session.scalar(text(waiting)))


async def _all_left(database: Database, *waiting: str) -> bool:
    query = text("SELECT count(*) FROM chat_messages WHERE state = ANY (:waiting)")
    async with database.read(SYSTEM) as session:
        return not await session.scalar(query, {"waiting": list(waiting)})


async def _read(database: Database, broadcast_id: UUID) -> Progress:
    async with database.read(SYSTEM) as session:
        return await get_progress(session, broadcast_id)


async def _has_reached(database: Database, broadcast_id: UUID, count: float) -> bool:
    return (await _read(database, broadcast_id)).reached >= count


async def _is_over(database: Database, broadcast_id: UUID) -> bool:
    came = await _read(database, broadcast_id)
    return came.broadcast.state == BroadcastState.DONE and not came.open
