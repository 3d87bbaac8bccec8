"""WhatsApp is away for an hour: what is to be said waits longer and longer, is seen to wait, and leaves at the pace."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import URL, func, select

from pesan.chats.models import ChatMessage
from pesan.chats.queries import list_line_levels
from pesan.chats.sending import Sender
from pesan.chats.states import AWAY_SECONDS, MOST_PER_SECOND, Line
from pesan.messaging.whatsapp.client import WhatsAppClient
from pesan.settings import Settings
from tests.support.chats import SITI, SYSTEM, Chats, message
from tests.support.postgres import Server

HOUR = 3_600.0
MESSAGES = 30


@pytest.fixture
async def nobody(chats: Chats, settings: Settings) -> AsyncIterator[Sender]:
    """A sender for whom nobody is there."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        away = {**chats.whatsapp.settings, "wa_url": f"http://127.0.0.1:{taken.getsockname()[1]}"}
        sender = Sender(chats.database, WhatsAppClient.of(settings.model_copy(update=away)))
        yield sender
        await sender.aclose()


async def now(chats: Chats) -> datetime:
    async with chats.database.read(SYSTEM) as session:
        return (await session.scalars(select(func.clock_timestamp()))).one()


async def try_once(chats: Chats, sender: Sender) -> list[datetime]:
    """Let each message that waits be tried once more; when they are due then."""
    await chats.pass_time()
    # Those that were not tried yet are due first.
    for _ in range(0, MESSAGES, MOST_PER_SECOND):
        await chats.execute("UPDATE chat_slots SET free_at = clock_timestamp()")
        await sender.turn()
        await sender.drain()
    async with chats.database.read(SYSTEM) as session:
        return list(await session.scalars(select(ChatMessage.due_at)))


async def states(chats: Chats, said: list[UUID]) -> set[tuple[str, str | None]]:
    return {await chats.state(one) for one in said}


async def test_an_hour_without_whatsapp_loses_nothing_and_brings_no_crowd_back(
    chats: Chats, nobody: Sender
) -> None:
    await chats.open(SITI)
    said = await chats.say(*(message() for _ in range(MESSAGES)))

    waited, tries = 0.0, 0
    while waited < HOUR:
        step = AWAY_SECONDS[min(tries, len(AWAY_SECONDS) - 1)]
        before = await now(chats)
        due = await try_once(chats, nobody)
        assert before + timedelta(seconds=step) <= min(due)
        assert max(due) <= await now(chats) + timedelta(seconds=1.25 * step)
        waited, tries = waited + step, tries + 1
    waiting = await states(chats, said)
    spread = max(due) - min(due)
    await chats.pass_time()
    async with asyncio.timeout(60):
        while len(await chats.taken()) < MESSAGES:
            await chats.send()
            await asyncio.sleep(0.02)

    measured = await chats.whatsapp.measures()
    assert waiting == {("queued", "whatsapp.away")}
    assert spread > timedelta(seconds=10), "of a wait of ten minutes"
    assert await chats.taken() == dict.fromkeys(said, 1)
    assert await states(chats, said) == {("accepted", None)}
    assert max(measured["greatest_per_second"].values()) <= MOST_PER_SECOND


@pytest.mark.parametrize(
    ("code", "state"), [(131016, "queued"), (131057, "queued"), (2, "queued"), (131000, "failed")]
)
async def test_what_says_that_whatsapp_is_away_outlasts_the_three_tries_of_a_message(
    chats: Chats, code: int, state: str
) -> None:
    await chats.open(SITI)
    await chats.whatsapp.set_faults(failures=[{"code": code}])
    (said,) = await chats.say(message())

    for _ in range(6):
        await chats.send()
        await chats.pass_time()

    assert await chats.state(said) == (state, f"whatsapp.{code}")


async def test_an_outage_uses_up_no_try_of_an_ordinary_failure(chats: Chats, nobody: Sender) -> None:
    await chats.open(SITI)
    (said,) = await chats.say(message())
    for _ in range(7):
        await try_once(chats, nobody)

    await chats.whatsapp.set_faults(failures=[{"code": 131000, "times": 3}])
    seen = []
    for _ in range(4):
        await chats.pass_time()
        await chats.send()
        seen.append(await chats.state(said))

    assert seen == [("queued", "whatsapp.131000")] * 3 + [("accepted", None)]


async def test_how_long_messages_wait_for_whatsapp_is_seen_between_their_tries(
    chats: Chats, nobody: Sender, postgres: Server, database_url: URL
) -> None:
    await chats.say(message(line=Line.CONFIRMATION, template=None))
    await chats.know(SITI)
    await try_once(chats, nobody)
    with postgres.connect(database_url.database) as owner:
        owner.execute(
            "UPDATE chat_messages SET created_at = created_at - interval '1 hour',"
            " due_at = clock_timestamp() + interval '10 minutes'"
        )

    async with chats.database.read(SYSTEM) as session:
        levels = {level.line: level for level in await list_line_levels(session)}

    found = levels[Line.CONFIRMATION]
    assert (found.waiting, found.scheduled, found.oldest_seconds >= HOUR) == (1, 0, True)
