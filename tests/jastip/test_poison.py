"""A message that breaks its handling is tried and set aside; others go on, and once mended it is answered."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import URL, text

from pesan.app.instance import Instance
from pesan.app.wiring import build_registry
from pesan.chats.intake import MESSAGE_TASK
from pesan.db import Database
from pesan.jobs import enqueue, retry
from pesan.jobs.queries import list_parked
from pesan.jobs.runner import WorkerOptions
from pesan.jobs.service import retry_parked
from pesan.kit.registry import Registry
from pesan.settings import Settings
from tests.jobs.support import until, working
from tests.support.chatting import Chatter
from tests.support.factories import SYSTEM
from tests.support.trips import make_journey

OPTIONS = WorkerOptions(concurrency=2, poll=0.02, drain=2.0, heartbeat=0.2, lease=1.0, queues=("chat",))
# What a release with a mistake, or an import, may leave behind.
BREAK = text('UPDATE chat_updates SET payload = payload || \'{"said_at": "kemarin"}\' WHERE id = :id')
MEND = text(
    "UPDATE chat_updates SET payload = payload || jsonb_build_object('said_at', now()) WHERE id = :id"
)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"wa_phone_id": "106540352242922"})


@pytest.fixture
async def registry(settings: Settings, database_url: URL) -> AsyncIterator[Registry]:
    registry = build_registry(Instance(settings, database_url, None), "worker")
    yield registry
    await registry[Database].dispose()


async def send(registry: Registry, person: Chatter, said: str):
    """Store what somebody wrote, with its job, as the webhook does."""
    update_id = await person.send(said)
    async with registry[Database].write(SYSTEM) as session:
        await enqueue(session, MESSAGE_TASK, update_id=update_id, person=str(person.wa).removeprefix("+"))
    return update_id


async def test_a_message_that_breaks_is_set_aside_while_others_are_answered(
    make, database, settings, registry, monkeypatch
):
    monkeypatch.setattr(retry, "FIRST_WAIT_SECONDS", 0.02)
    await make_journey(make, database, settings, slug="jpn25")
    siti, budi = Chatter(registry), Chatter(registry)
    broken = await send(registry, siti, "JOIN jpn25 | Nama: Siti")
    async with database.write(SYSTEM) as session:
        await session.execute(BREAK, {"id": broken})
    behind = await send(registry, siti, "INFO jpn25")
    beside = await send(registry, budi, "JOIN jpn25 | Nama: Budi")

    async def outcome(update_id) -> str | None:
        async with database.read(SYSTEM) as session:
            asked = text("SELECT outcome FROM chat_updates WHERE id = :id")
            return await session.scalar(asked, {"id": update_id})

    async def parked() -> list[tuple[str, int]]:
        async with database.read(SYSTEM) as session:
            return [(job.task, job.attempts) for job in await list_parked(session)]

    async def are_others_handled() -> bool:
        return bool(await parked() and await outcome(behind) and await outcome(beside))

    async def is_mended() -> bool:
        return await outcome(broken) is not None

    async with working(registry, settings, OPTIONS):
        await until(are_others_handled)
        before = (await parked(), await outcome(broken), await outcome(beside))
        async with database.write(SYSTEM) as session:
            await session.execute(MEND, {"id": broken})
            (job,) = await list_parked(session)
            assert await retry_parked(session, job.id) is True
        await until(is_mended)

    assert before == ([(MESSAGE_TASK, 5)], None, "joined")
    assert (await outcome(broken), await parked()) == ("joined", [])
