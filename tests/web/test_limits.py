"""How often one caller may ask."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy import text

from pesan.db import Actor, Database
from pesan.settings import Settings
from pesan.web.limits.counters import Counters, Hit, Tally
from pesan.web.limits.fallback import FallbackCounters
from pesan.web.limits.policies import GENERAL, Policy, Usage, limit_headers
from pesan.web.limits.postgres import PostgresCounters
from pesan.web.tasks import purge_chunk
from tests.conftest import open_database
from tests.web.conftest import MakeClient

HIT = Hit("hold:somebody", 900)


@pytest.fixture
def client(make_client: MakeClient) -> httpx.AsyncClient:
    return make_client(rate_limits="on")


@pytest.fixture
async def other_process(settings: Settings) -> AsyncIterator[Database]:
    database = open_database(settings, "web")
    yield database
    await database.dispose()


async def test_limit_reached_refuses_and_says_when(client: httpx.AsyncClient):
    statuses = [(await client.post("/api/limited")).status_code for _ in range(3)]
    refused = await client.post("/api/limited")

    assert statuses == [200, 200, 429]
    assert 890 <= int(refused.headers["retry-after"]) <= 900
    document = refused.json()
    assert document["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"
    assert document["violated-policies"] == ["hold"]
    assert document["detail"] == "Terlalu sering. Coba lagi 15 menit lagi."


async def test_limit_tells_its_state_with_every_answer(client: httpx.AsyncClient):
    headers = (await client.post("/api/limited")).headers

    assert headers["ratelimit-policy"] == '"api";q=100;w=60, "hold";q=2;w=900'
    assert headers["ratelimit"] == '"api";r=99;t=60, "hold";r=1;t=900'


@pytest.mark.parametrize(
    "disguise",
    [
        {"X-Forwarded-For": "198.51.100.1"},
        {"Forwarded": "for=198.51.100.1"},
        {"X-Real-IP": "198.51.100.1"},
        {"CF-Connecting-IP": "198.51.100.1"},
        {"User-Agent": "another"},
        {"X-HTTP-Method-Override": "PUT"},
        {"Host": "LOCALHOST:80"},
        {"X-Request-Id": "another-request"},
    ],
)
async def test_limit_sees_through_disguise(client: httpx.AsyncClient, disguise: dict[str, str]):
    for _ in range(2):
        await client.post("/api/limited")

    assert (await client.post("/api/limited", headers=disguise)).status_code == 429


@pytest.mark.parametrize("path", ["/api/%6cimited", "/api/limited?again=1", "/%61pi/limited"])
async def test_limit_sees_through_spelling(client: httpx.AsyncClient, path: str):
    for _ in range(2):
        await client.post("/api/limited")

    assert (await client.post(path)).status_code == 429


async def test_limit_counts_each_caller_alone(make_client: MakeClient):
    busy, calm = make_client(rate_limits="on"), make_client(rate_limits="on", peer="203.0.113.10")
    for _ in range(3):
        await busy.post("/api/limited")

    assert (await calm.post("/api/limited")).status_code == 200


async def test_limit_takes_a_whole_ipv6_subscriber_for_one(make_client: MakeClient):
    peers = [f"2001:db8:1:2:{number:x}::1" for number in range(3)]

    statuses = [
        (await make_client(rate_limits="on", peer=peer).post("/api/limited")).status_code for peer in peers
    ]

    assert statuses == [200, 200, 429]


async def test_limit_in_general_covers_every_api_path(client: httpx.AsyncClient):
    paths = ["/api/hello", "/api/nothing", "/api/things/1", "/api/things/x"]
    statuses = [(await client.get(paths[number % 4])).status_code for number in range(GENERAL.count)]

    assert 429 not in statuses
    assert (await client.get("/api/hello")).status_code == 429
    assert (await client.get("/page")).status_code == 200


async def test_limit_in_general_counts_exactly_when_all_come_at_once(client: httpx.AsyncClient):
    answers = await asyncio.gather(*(client.get("/api/hello") for _ in range(GENERAL.count + 20)))

    assert sorted(answer.status_code for answer in answers) == [200] * GENERAL.count + [429] * 20


async def test_limit_off_counts_nothing(make_client: MakeClient, web_database: Database):
    client = make_client(rate_limits="off")

    statuses = {(await client.post("/api/limited")).status_code for _ in range(5)}

    assert statuses == {200}
    assert await rows(web_database) == 0


async def test_misses_are_counted_and_hits_are_not(client: httpx.AsyncClient):
    hits = [(await client.get("/codes/RIGHT")).status_code for _ in range(4)]
    misses = [(await client.get("/codes/WRONG")).status_code for _ in range(3)]

    assert hits == [200] * 4
    assert misses == [404, 404, 429]
    assert (await client.get("/codes/RIGHT")).status_code == 429


async def test_no_address_is_stored(client: httpx.AsyncClient, web_database: Database):
    await client.post("/api/limited")

    async with web_database.read(Actor.guest()) as session:
        keys = (await session.execute(text("SELECT key FROM rate_counters"))).scalars().all()
    assert len(keys) == 2
    assert not any("203.0.113" in key for key in keys)


async def test_processes_count_together(web_database: Database, other_process: Database):
    here, there = PostgresCounters(web_database), PostgresCounters(other_process)

    await asyncio.gather(*(counters.add(HIT) for counters in (here, there) for _ in range(50)))

    assert (await here.add(HIT)).count == 101


async def test_hits_of_one_moment_get_each_a_number(web_database: Database):
    counters = PostgresCounters(web_database)

    tallies = await asyncio.gather(*(counters.add(HIT) for _ in range(40)))

    assert [tally.count for tally in tallies] == list(range(1, 41))


async def test_hit_of_nothing_only_looks(web_database: Database):
    counters = PostgresCounters(web_database)
    await counters.add(HIT)

    looked = await counters.add(Hit(HIT.key, HIT.seconds, 0))

    assert looked.count == 1
    assert (await counters.add(HIT)).count == 2


async def test_window_that_is_over_starts_anew(web_database: Database, database: Database):
    counters = PostgresCounters(web_database)
    await counters.add(Hit(HIT.key, HIT.seconds, 7))
    await end_windows(database)

    tally = await counters.add(HIT)

    assert tally.count == 1
    assert 899 <= tally.resets_in <= 900


async def test_counters_whose_window_is_over_are_forgotten(web_database: Database, database: Database):
    counters = PostgresCounters(web_database)
    await counters.add(HIT)
    await end_windows(database)
    await counters.add(Hit("hold:fresh", 900))

    async with database.write(Actor.system("test")) as session:
        assert await purge_chunk(session) == 1
    assert await rows(web_database) == 1


class Away:
    """A Redis that is not there; counts how often it was asked."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.asked = 0

    async def add(self, hit: Hit) -> Tally:
        self.asked += 1
        raise self.error

    async def close(self) -> None: ...


@pytest.mark.parametrize("error", [RedisAway(), TimeoutError(), ConnectionRefusedError()])
async def test_redis_away_leaves_counting_to_the_database(web_database: Database, error: Exception):
    away = Away(error)
    counters: Counters = FallbackCounters(away, PostgresCounters(web_database))

    tallies = [await counters.add(HIT) for _ in range(3)]

    assert [tally.count for tally in tallies] == [1, 2, 3]
    assert away.asked == 1


async def test_database_away_refuses_nobody_for_it(make_client: MakeClient, web_database: Database):
    client = make_client(rate_limits="on")
    await web_database.dispose()
    web_database.engine.sync_engine.dispose()
    broken = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    web_database.engine = broken.engine

    assert (await client.post("/api/limited")).status_code == 200


def test_usage_never_says_less_than_nothing():
    usage = Usage(Policy("hold", 5, 900), 9, 0.0)

    assert (usage.remaining, usage.retry_after, usage.is_exceeded) == (0, 1, True)
    assert limit_headers([]) == []


async def rows(database: Database) -> int:
    async with database.read(Actor.guest()) as session:
        return int((await session.execute(text("SELECT count(*) FROM rate_counters"))).scalar_one())


async def end_windows(database: Database) -> None:
    async with database.write(Actor.guest()) as session:
        await session.execute(
            text("UPDATE rate_counters SET expires_at = clock_timestamp() - interval '1 second'")
        )
