"""Whoever looks at something hears that it changed: in this process, in the others, and after an outage."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import URL, make_url

from pesan.db.schema import login_url
from pesan.realtime import Hub, Signal
from pesan.realtime.payload import KEYS_PER_PAYLOAD, MAX_KEYS, decode, encode, topic_key
from pesan.settings import Settings
from tests.support.postgres import Server

TOPIC = "order:0193a1b2-0000-7000-8000-000000000001"
OTHER = "order:0193a1b2-0000-7000-8000-000000000002"
# What has to come does so at once; on a machine that does much else, a little later.
PATIENCE = 30


@pytest.fixture
def web_url(settings: Settings) -> URL:
    """How a web process logs in."""
    prefix = settings.database_role_prefix
    return login_url(settings.database_url, "web", secret=settings.secret, prefix=prefix)


@pytest.fixture
async def hubs(web_url: URL) -> AsyncIterator[tuple[Hub, Hub]]:
    """The hubs of two processes, connected."""
    async with AsyncExitStack() as stack:
        first, second = [
            await stack.enter_async_context(Hub(web_url, spread=0.05, poll=0.5)) for _ in range(2)
        ]
        await _until(lambda: first.is_connected and second.is_connected)
        yield first, second


async def test_listener_is_told_to_read_before_anything_changed() -> None:
    async with Hub() as hub:
        async for signal in hub.listen([TOPIC]):
            assert signal is Signal.CHANGED
            break


async def test_listener_hears_of_its_topic_only() -> None:
    async with Hub() as hub:
        with hub.subscribe([TOPIC]) as mine, hub.subscribe([OTHER]) as other:
            hub.hint(TOPIC)

            assert await mine.wait(PATIENCE) is Signal.CHANGED
            assert await other.wait(0.2) is Signal.IDLE


async def test_many_hints_wake_a_slow_listener_once() -> None:
    async with Hub() as hub:
        with hub.subscribe([TOPIC, OTHER]) as subscription:
            for _ in range(1000):
                hub.hint(TOPIC)
                hub.hint(OTHER)
            await asyncio.sleep(0.2)

            assert await subscription.wait(PATIENCE) is Signal.CHANGED
            assert await subscription.wait(0.2) is Signal.IDLE


async def test_listener_without_news_hears_a_heartbeat() -> None:
    async with Hub() as hub:
        signals = hub.listen([TOPIC], heartbeat=0.05)
        heard = [await anext(signals) for _ in range(3)]
        await signals.aclose()  # type: ignore[attr-defined]

    assert heard == [Signal.CHANGED, Signal.IDLE, Signal.IDLE]


async def test_closing_the_hub_ends_every_listener() -> None:
    async with Hub() as hub:
        listening = asyncio.create_task(_drain(hub))
        await asyncio.sleep(0.05)
        hub.close()

        assert await asyncio.wait_for(listening, PATIENCE) == [Signal.CHANGED]
        assert await _drain(hub) == []


async def test_listener_that_left_is_forgotten() -> None:
    async with Hub() as hub:
        with hub.subscribe([TOPIC, OTHER]):
            assert len(hub._listeners) == 2
        assert hub._listeners == {}


async def test_hint_reaches_the_other_process(hubs: tuple[Hub, Hub]) -> None:
    here, there = hubs
    with there.subscribe([TOPIC]) as subscription, there.subscribe([OTHER]) as other:
        await _settle(subscription, other)
        here.hint(TOPIC)

        assert await subscription.wait(PATIENCE) is Signal.CHANGED
        assert await other.wait(0.1) is Signal.IDLE


async def test_own_hint_is_heard_once(hubs: tuple[Hub, Hub]) -> None:
    here, _there = hubs
    with here.subscribe([TOPIC]) as subscription:
        await _settle(subscription)
        here.hint(TOPIC)

        assert await subscription.wait(PATIENCE) is Signal.CHANGED
        assert await subscription.wait(0.4) is Signal.IDLE


async def test_more_topics_than_one_payload_carries_arrive_all(hubs: tuple[Hub, Hub]) -> None:
    here, there = hubs
    topics = [f"order:{n}" for n in range(KEYS_PER_PAYLOAD * 2 + 1)]
    subscriptions = [there.subscribe([topic]) for topic in topics]
    await _settle(*subscriptions)
    for topic in topics:
        here.hint(topic)

    heard = await asyncio.gather(*(subscription.wait(PATIENCE) for subscription in subscriptions))

    assert set(heard) == {Signal.CHANGED}


async def test_lost_connections_come_back_and_everybody_looks_again(
    hubs: tuple[Hub, Hub], postgres: Server
) -> None:
    here, there = hubs
    with there.subscribe([TOPIC]) as subscription:
        await _settle(subscription)
        _break_hints(postgres)

        # Nobody hinted: it is the reconnection that makes everybody look.
        assert await subscription.wait(PATIENCE) is Signal.CHANGED
        await _until(lambda: there.is_connected and here.is_connected)
        await _settle(subscription)
        here.hint(TOPIC)
        assert await subscription.wait(PATIENCE) is Signal.CHANGED


async def test_hint_said_while_the_connection_was_down_arrives_later(
    hubs: tuple[Hub, Hub], postgres: Server
) -> None:
    here, there = hubs
    with there.subscribe([TOPIC]) as subscription:
        _break_hints(postgres)
        here.hint(TOPIC)

        assert await subscription.wait(PATIENCE) is Signal.CHANGED


async def test_hub_closed_while_it_connects_leaves_nothing_at_the_server(
    web_url: URL, postgres: Server
) -> None:
    """A connection given up half-way would hold its place, and every DROP DATABASE, for a minute."""
    others = _hints(postgres)
    for milliseconds in range(6):
        async with Hub(web_url):
            await asyncio.sleep(milliseconds / 1_000)

        await _until(lambda: _hints(postgres) <= others)


async def test_listeners_without_a_database_look_now_and_then(web_url: URL) -> None:
    nowhere = make_url(web_url).set(query={"host": "/nonexistent"})
    async with Hub(nowhere, spread=0.01, poll=0.2) as hub:
        with hub.subscribe([TOPIC]) as subscription:
            assert await subscription.wait(PATIENCE) is Signal.CHANGED
            assert await subscription.wait(PATIENCE) is Signal.CHANGED
            assert hub.is_connected is False


@given(st.sets(st.text(), max_size=30))
def test_payload_brings_its_topics_back(topics: set[str]) -> None:
    keys = {topic_key(topic) for topic in topics}

    (payload,) = encode("abcd0123", keys)

    assert (decode(payload).sender, set(decode(payload).keys)) == ("abcd0123", keys)
    assert decode(payload).is_everything is False


def test_payload_stays_below_the_servers_limit() -> None:
    keys = [topic_key(str(n)) for n in range(MAX_KEYS)]

    assert max(len(payload) for payload in encode("abcd0123", keys)) < 8_000


def test_too_many_topics_are_said_as_everything() -> None:
    keys = [topic_key(str(n)) for n in range(MAX_KEYS + 1)]

    assert [decode(payload).is_everything for payload in encode("abcd0123", keys)] == [True]


@given(st.text())
def test_unreadable_payload_never_raises(payload: str) -> None:
    decode(payload)


async def _drain(hub: Hub) -> list[Signal]:
    return [signal async for signal in hub.listen([TOPIC])]


async def _settle(*subscriptions) -> None:
    """Let the news of having just connected pass."""
    await asyncio.sleep(0.3)
    for subscription in subscriptions:
        while await subscription.wait(0.01) is Signal.CHANGED:
            pass


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


def _hints(postgres: Server) -> set[int]:
    """Their server processes; those of connections that have not said yet who they are included."""
    with postgres.connect() as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
            " AND (datname IS NULL OR application_name = 'pesan-hints')"
        ).fetchall()
    return {int(pid) for (pid,) in rows}


def _break_hints(postgres: Server) -> None:
    with postgres.connect() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pesan-hints'"
        )
