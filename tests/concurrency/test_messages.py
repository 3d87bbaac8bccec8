"""Never more than ten messages of a number in any second, whoever sends and however they end, and none twice."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from sqlalchemy import text

from pesan.chats.sending import Sender
from pesan.chats.states import MOST_PER_SECOND, Line
from pesan.chats.taking_back import queue_again, take_back
from pesan.db import Database
from pesan.messaging.whatsapp.client import WhatsAppClient
from pesan.settings import Settings
from tests.jobs.support import until, worker_url
from tests.support.chats import SITI, SYSTEM, Chats, message
from tests.support.schema import open_database
from tests.support.unguarded import without_slots
from tests.support.whatsapp import FakeWhatsApp

MESSAGES = 40
_LEFT = text("SELECT count(*) FROM chat_messages WHERE state IN ('queued', 'sending')")


@pytest.fixture
async def senders(settings: Settings, whatsapp: FakeWhatsApp) -> AsyncIterator[list[Sender]]:
    """Two that share nothing but the database, as two processes do."""
    known = settings.model_copy(update=whatsapp.settings)
    databases = [open_database(settings, "worker") for _ in range(2)]
    both = [Sender(database, WhatsAppClient.of(known)) for database in databases]
    yield both
    for sender, database in zip(both, databases, strict=True):
        await sender.aclose()
        await database.dispose()


@pytest.fixture
async def chats(database: Database, whatsapp: FakeWhatsApp) -> Chats:
    """What the test says itself; it sends by nothing but the senders."""
    return Chats(database, whatsapp, Sender(database, None))


async def rush(chats: Chats, senders: list[Sender]) -> tuple[int, dict[UUID, int], list[UUID]]:
    """Let both senders send what waits, over a network with its moods.

    The most that WhatsApp took within a second, how often each, and what there was.
    """
    await chats.open(SITI)
    await chats.whatsapp.set_faults(delay_ms=(5, 300), statuses="none")
    said = await chats.say(*(message() for _ in range(MESSAGES)))

    async def turn(sender: Sender) -> None:
        while await left(chats.database):
            await sender.turn()
            await asyncio.sleep(0.02)

    await asyncio.gather(*(turn(sender) for sender in senders))
    measured = await chats.whatsapp.measures()
    return max(measured["greatest_per_second"].values()), await chats.taken(), said


async def left(database: Database) -> int:
    async with database.read(SYSTEM) as session:
        return int((await session.execute(_LEFT)).scalar_one())


async def test_two_senders_never_send_more_than_ten_in_any_second(
    chats: Chats, senders: list[Sender]
) -> None:
    greatest, taken, said = await rush(chats, senders)

    assert greatest <= MOST_PER_SECOND
    assert taken == dict.fromkeys(said, 1)


async def test_without_the_slots_rule_the_same_senders_send_more(chats: Chats, senders: list[Sender]) -> None:
    """The control: what is measured would show it."""
    with without_slots():
        greatest, _, _ = await rush(chats, senders)

    assert greatest > MOST_PER_SECOND


@contextmanager
def sender_process(settings: Settings, whatsapp: FakeWhatsApp) -> Iterator[subprocess.Popen[bytes]]:
    """A sender that can be killed."""
    url = worker_url(settings).render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.support.sender", url, settings.database_role_prefix]
    environment = {**os.environ, "PYTHONPATH": ".", **whatsapp.environment}
    process = subprocess.Popen(command, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def wait_for_taken(chats: Chats, count: int) -> None:
    async def taken() -> bool:
        return len(await chats.taken()) == count

    await until(taken)


async def test_a_sender_killed_amid_handing_over_sends_no_advertising_twice(
    chats: Chats, senders: list[Sender], settings: Settings
) -> None:
    await chats.whatsapp.create_template("kabar")
    await chats.whatsapp.set_faults(failures=[{"code": "hang"}], statuses="none")
    advertising = await chats.say(*(message(line=Line.BROADCAST) for _ in range(3)))
    awaited = await chats.say(*(message() for _ in range(3)))
    with sender_process(settings, chats.whatsapp) as process:
        await wait_for_taken(chats, 6)
        process.send_signal(signal.SIGKILL)
        process.wait()
    await chats.whatsapp.set_faults(failures=[])

    for _ in range(
        4
    ):  # its lease ends, nobody hears of them for two minutes, they are queued again, and sent
        await chats.pass_time()
        async with chats.database.write(SYSTEM) as session:
            await take_back(session)
            await queue_again(session)
        for sender in senders:
            await sender.turn()
            await sender.drain()

    assert await chats.taken() == {**dict.fromkeys(advertising, 1), **dict.fromkeys(awaited, 2)}
    assert {await chats.state(one) for one in advertising} == {("unknown", "chats.unknown")}
    assert {await chats.state(one) for one in awaited} == {("accepted", None)}


async def test_a_sender_that_is_stopped_finishes_what_it_hands_over(chats: Chats, settings: Settings) -> None:
    await chats.open(SITI)
    await chats.whatsapp.set_faults(delay_ms=1_000, statuses="none")
    said = await chats.say(*(message() for _ in range(3)))
    with sender_process(settings, chats.whatsapp) as process:
        await wait_for_taken(chats, 3)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 30) == 0

    assert {await chats.state(one) for one in said} == {("accepted", None)}
