"""Stored answers, with real transactions on several connections."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text

from pesan.db import Actor, Database
from pesan.idempotency.errors import KeyInFlight, KeyReused
from pesan.idempotency.service import (
    Answer,
    Free,
    InFlight,
    Mismatch,
    Replay,
    Wanted,
    answer_once,
    lock_and_find,
    purge_old,
    store_many,
)
from pesan.idempotency.tasks import purge
from pesan.kit.registry import Registry
from pesan.settings import Settings
from tests.support.queries import CountQueries

GUEST = Actor.guest()
WANTED = Wanted("guest:a", "key-1", b"fingerprint")
ANSWER = Answer(201, b'{"code":"7QK3ZP9A1BCDE","name":"\xc3\xa9"}', {"Content-Type": "application/json"})


def wanted(number: int, fingerprint: bytes = b"f") -> Wanted:
    return Wanted("guest:a", f"key-{number}", fingerprint)


async def store(database: Database, *answers: tuple[Wanted, Answer]) -> None:
    async with database.write(GUEST) as session:
        await store_many(session, answers)


async def test_key_unused_is_free(web_database: Database):
    async with web_database.write(GUEST) as session:
        assert await lock_and_find(session, [WANTED]) == [Free()]


async def test_answer_stored_is_replayed_byte_for_byte(web_database: Database):
    await store(web_database, (WANTED, ANSWER))

    async with web_database.write(GUEST) as session:
        assert await lock_and_find(session, [WANTED]) == [Replay(ANSWER)]


async def test_key_with_another_request_is_a_mismatch(web_database: Database):
    await store(web_database, (WANTED, ANSWER))

    async with web_database.write(GUEST) as session:
        found = await lock_and_find(session, [Wanted(WANTED.scope, WANTED.key, b"other")])
    assert found == [Mismatch()]


async def test_key_of_another_caller_is_another_key(web_database: Database):
    await store(web_database, (WANTED, ANSWER))

    async with web_database.write(GUEST) as session:
        assert await lock_and_find(session, [Wanted("guest:b", WANTED.key, WANTED.fingerprint)]) == [Free()]


async def test_key_in_use_by_another_transaction_is_in_flight(web_database: Database):
    async with web_database.write(GUEST) as first, web_database.write(GUEST) as second:
        await lock_and_find(first, [WANTED])

        assert await lock_and_find(second, [WANTED]) == [InFlight()]
    async with web_database.write(GUEST) as third:
        assert await lock_and_find(third, [WANTED]) == [Free()]


async def test_transaction_undone_stores_nothing(web_database: Database):
    with pytest.raises(ZeroDivisionError):
        async with web_database.write(GUEST) as session:
            await store_many(session, [(WANTED, ANSWER)])
            raise ZeroDivisionError

    async with web_database.write(GUEST) as session:
        assert await lock_and_find(session, [WANTED]) == [Free()]


async def test_group_of_keys_costs_one_statement(database: Database, count_queries: CountQueries):
    await store(database, (wanted(1), ANSWER), (wanted(2, b"other"), ANSWER))
    many = [wanted(number) for number in range(50)]

    async with database.write(GUEST) as session:
        with count_queries() as statements:
            found = await lock_and_find(session, many)

    assert len(statements) == 1
    assert found == [Free(), Replay(ANSWER), Mismatch(), *[Free()] * 47]


async def test_keys_are_looked_up_by_index_however_small_the_table_was(database: Database):
    """The plan is kept, and the table grows by every hold."""
    counted = text("SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'idempotency_keys'")
    async with database.write(Actor.system("test")) as session:
        for _ in range(7):
            await lock_and_find(session, [wanted(number) for number in range(50)])

        assert await session.scalar(counted) == 0


async def test_group_of_answers_costs_one_statement(database: Database, count_queries: CountQueries):
    answers = [(wanted(number), Answer(200, str(number).encode())) for number in range(50)]

    async with database.write(GUEST) as session:
        with count_queries() as statements:
            await store_many(session, answers)
            await store_many(session, [])

    assert len(statements) == 1
    async with database.write(GUEST) as session:
        found = await lock_and_find(session, [key for key, _ in answers])
    assert found == [Replay(answer) for _, answer in answers]


async def test_nothing_wanted_asks_nothing(database: Database, count_queries: CountQueries):
    async with database.write(GUEST) as session:
        with count_queries() as statements:
            assert await lock_and_find(session, []) == []

    assert len(statements) == 0


async def test_sale_may_find_and_store(web_database: Database):
    async with web_database.sale() as session:
        assert await lock_and_find(session, [WANTED]) == [Free()]
        await store_many(session, [(WANTED, ANSWER)])

    async with web_database.sale() as session:
        assert await lock_and_find(session, [WANTED]) == [Replay(ANSWER)]


async def test_racers_with_one_key_have_one_effect(web_database: Database):
    effects = []

    async def make() -> Answer:
        effects.append(1)
        await asyncio.sleep(0.05)
        return ANSWER

    outcomes = await asyncio.gather(*(attempt(web_database, make) for _ in range(8)), return_exceptions=True)

    assert effects == [1]
    assert sum(outcome == ANSWER for outcome in outcomes) == 1
    assert {type(outcome) for outcome in outcomes if outcome != ANSWER} <= {KeyInFlight, Replay}
    assert await attempt(web_database, make) == Replay(ANSWER)


async def test_racers_without_the_lock_would_have_several_effects(database: Database):
    """The control: finding without locking lets everybody through."""
    started = asyncio.Barrier(4)

    async def careless() -> bool:
        async with database.write(Actor.system("test")) as session:
            found = await session.execute(text("SELECT 1 FROM idempotency_keys WHERE key = 'key-1'"))
            is_free = found.first() is None
            await started.wait()
            return is_free

    assert await asyncio.gather(*(careless() for _ in range(4))) == [True] * 4


async def test_answer_that_failed_burns_no_key(web_database: Database):
    async def fail() -> Answer:
        raise ZeroDivisionError

    async def succeed() -> Answer:
        return ANSWER

    with pytest.raises(ZeroDivisionError):
        await attempt(web_database, fail)

    assert await attempt(web_database, succeed) == ANSWER


async def test_key_reused_for_another_request_is_refused(web_database: Database):
    async def make() -> Answer:
        return ANSWER

    await attempt(web_database, make)

    with pytest.raises(KeyReused):
        async with web_database.write(GUEST) as session:
            await answer_once(session, Wanted(WANTED.scope, WANTED.key, b"other"), make)


async def test_answers_are_kept_a_day(database: Database, settings: Settings):
    await store(database, (wanted(1), ANSWER), (wanted(2), ANSWER), (wanted(3), ANSWER))
    await age(database, "key-1", hours=25)
    await age(database, "key-2", hours=23)
    registry = Registry()
    registry.add(Database, database)
    registry.add(Settings, settings)

    await purge(registry)

    async with database.write(GUEST) as session:
        found = await lock_and_find(session, [wanted(1), wanted(2), wanted(3)])
    assert found == [Free(), Replay(ANSWER), Replay(ANSWER)]


async def test_answers_are_forgotten_in_chunks(database: Database):
    await store(database, *[(wanted(number), ANSWER) for number in range(5)])
    for number in range(5):
        await age(database, f"key-{number}", hours=30)

    async with database.write(Actor.system("test")) as session:
        counts = [await purge_old(session, hours=24, chunk=2) for _ in range(4)]

    assert counts == [2, 2, 1, 0]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT body FROM idempotency_keys",
        "UPDATE idempotency_keys SET status = 500",
        "DELETE FROM idempotency_keys",
    ],
)
async def test_web_process_cannot_list_change_or_forget_answers(web_database: Database, statement: str):
    await store(web_database, (WANTED, ANSWER))

    for session_of in (lambda: web_database.write(GUEST), web_database.sale):
        with pytest.raises(Exception, match="permission denied"):
            async with session_of() as session:
                await session.execute(text(statement))


async def test_answer_of_nobody_is_not_stored(web_database: Database, database: Database):
    with pytest.raises(Exception, match="row-level security"):
        async with web_database.write(GUEST) as session:
            await session.execute(text("SELECT set_config('pesan.actor', '', true)"))
            await store_many(session, [(WANTED, ANSWER)])

    async with database.write(GUEST) as session:
        assert await lock_and_find(session, [WANTED]) == [Free()]


async def attempt(database: Database, make: Callable[[], Awaitable[Answer]]) -> Answer | Replay:
    async with database.write(GUEST) as session:
        return await answer_once(session, WANTED, make)


async def age(database: Database, key: str, *, hours: int) -> None:
    """Nobody but the owner may change a row, so the test makes an old one of it by deleting and inserting."""
    async with database.write(Actor.system("test")) as session:
        await session.execute(
            text(
                "WITH gone AS (DELETE FROM idempotency_keys WHERE key = :key RETURNING *)"
                " INSERT INTO idempotency_keys (scope, key, fingerprint, status, headers, body, created_at)"
                " SELECT scope, key, fingerprint, status, headers, body,"
                " clock_timestamp() - make_interval(hours => :hours) FROM gone"
            ),
            {"key": key, "hours": hours},
        )
