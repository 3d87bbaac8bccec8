"""A store that is away: nothing that somebody sent is lost, refused without need, or shown to whoever guesses."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from pesan.db import Database
from pesan.payments.orphans import collect_orphans
from pesan.storage.errors import ObjectMissing, StorageUnavailable
from pesan.storage.inspection import CleanFile, Version
from pesan.storage.invariants import INVARIANTS
from pesan.storage.keeping import KeepingStorage
from pesan.storage.keys import Kind, new_folder
from pesan.storage.levels import storage_levels
from pesan.storage.moving import move_kept
from pesan.storage.stored import stored
from pesan.storage.uploads import MAX_BYTES
from tests.storage.test_objects import answering
from tests.support.bucket import Bucket, running_bucket
from tests.support.factories import SYSTEM

PLENTY = 100_000_000
CONTENT = b"isi" * 50_000


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with running_bucket() as bucket:
        yield bucket


@pytest.fixture
def web(bucket: Bucket, web_database: Database) -> KeepingStorage:
    """The store as a process that serves people has it."""
    return KeepingStorage(bucket.store(), web_database, most_bytes=PLENTY)


@pytest.fixture
def worker(bucket: Bucket, database: Database) -> KeepingStorage:
    return KeepingStorage(bucket.store(), database, most_bytes=PLENTY)


def new_key() -> str:
    return f"{new_folder(Kind.PROOF)}/file.jpg"


async def kept(database: Database) -> list[tuple[str, int]]:
    """Keys and sizes of what the database keeps."""
    async with database.read(SYSTEM) as session:
        rows = await session.execute(text("SELECT key, size FROM kept_objects ORDER BY kept_at"))
        return [(row.key, row.size) for row in rows]


async def due_again(database: Database) -> None:
    """As if the pause after a failure were over."""
    async with database.write(SYSTEM) as session:
        await session.execute(text("UPDATE kept_objects SET next_at = clock_timestamp()"))


async def seen(storage: KeepingStorage, key: str) -> tuple[bytes, bytes, int, bool]:
    """The object by every way there is to read it."""
    content = await storage.open(key)
    streamed = b"".join([chunk async for chunk in content.chunks])
    return await storage.get(key), streamed, content.size, await storage.exists(key)


async def test_a_store_that_answers_keeps_nothing_here(web, bucket, database):
    key = new_key()

    await web.put(key, CONTENT, "image/jpeg")

    assert await kept(database) == []
    assert await bucket.store().get(key) == CONTENT
    assert await seen(web, key) == (CONTENT, CONTENT, len(CONTENT), True)


async def test_while_the_store_is_away_objects_are_taken_and_read_by_every_process(
    web, worker, bucket, database
):
    key = new_key()
    bucket.close()

    await web.put(key, CONTENT, "image/jpeg")

    whole = (CONTENT, CONTENT, len(CONTENT), True)
    assert await kept(database) == [(key, len(CONTENT))]
    assert (await seen(web, key), await seen(worker, key)) == (whole, whole)


async def test_when_the_store_is_back_everything_is_moved_and_forgotten_here(web, worker, bucket, database):
    keys = [new_key() for _ in range(3)]
    bucket.close()
    for key in keys:
        await web.put(key, CONTENT + key.encode(), "image/jpeg")
    while_away = await move_kept(database, worker.store)
    bucket.open()
    await due_again(database)

    moved = await move_kept(database, worker.store)

    assert (while_away, moved, await kept(database)) == (0, 3, [])
    assert [await bucket.store().get(key) for key in keys] == [CONTENT + key.encode() for key in keys]


async def test_a_store_that_stays_away_is_asked_for_one_object_a_turn_and_later_each_time(
    web, worker, bucket, database
):
    bucket.close()
    for _ in range(2):
        await web.put(new_key(), CONTENT, "image/jpeg")

    turns = [await move_kept(database, worker.store) for _ in range(3)]

    async with database.read(SYSTEM) as session:
        tried = await session.execute(
            text("SELECT attempts, error_code, next_at > clock_timestamp() FROM kept_objects")
        )
    assert (turns, [tuple(row) for row in tried]) == ([0, 0, 0], [(1, "storage.unavailable", True)] * 2)


async def test_a_store_that_stumbles_once_is_asked_again(web, database):
    answers = iter(["503 Slow Down", "503 Slow Down", "503 Slow Down", "200 OK"])

    async with answering(lambda: f"HTTP/1.1 {next(answers)}\r\nContent-Length: 0\r\n{_ETAG}\r\n") as endpoint:
        bucket = Bucket.__new__(Bucket)
        bucket.name, bucket._port = "pesan-uji", int(endpoint.rpartition(":")[2])
        web.store = bucket.store(seconds=5.0)
        await web.put(new_key(), b"isi", "image/jpeg")

    assert await kept(database) == []


async def test_with_no_room_left_the_refusal_is_plain_and_nothing_changes(web, bucket, database):
    web._most_bytes = len(CONTENT) * 2 - 1
    bucket.close()
    first = new_key()
    await web.put(first, CONTENT, "image/jpeg")

    with pytest.raises(StorageUnavailable) as refusal:
        await web.put(new_key(), CONTENT, "image/jpeg")

    assert (refusal.value.status, refusal.value.retry_after) == (503, 10)
    assert await kept(database) == [(first, len(CONTENT))]


async def test_a_picture_of_which_only_a_part_has_room_takes_none(web, bucket, database):
    web._most_bytes = 10
    bucket.close()
    versions = [Version(name, "image/webp", b"123456") for name in ("large.webp", "small.webp")]

    with pytest.raises(StorageUnavailable):
        async with stored(web, Kind.COVER, CleanFile(tuple(versions))):
            raise AssertionError

    assert [size for _, size in await kept(database)] == [0]


async def test_what_is_larger_than_any_upload_is_not_kept(web, bucket, database):
    bucket.close()

    with pytest.raises(StorageUnavailable):
        await web.put(new_key(), bytes(MAX_BYTES + 1), "image/jpeg")

    assert await kept(database) == []


async def test_a_kept_object_that_is_deleted_is_gone_at_once_and_everywhere(web, worker, bucket, database):
    key = new_key()
    bucket.close()
    await web.put(key, CONTENT, "image/jpeg")

    await web.delete(key)

    bytes_left = await kept(database)
    with pytest.raises(ObjectMissing):
        await web.get(key)
    there = await web.exists(key)
    bucket.open()
    moved = await move_kept(database, worker.store)
    assert (bytes_left, there, moved, await kept(database)) == ([(key, 0)], False, 1, [])
    assert (await worker.exists(key), await bucket.store().exists(key)) == (False, False)
    with pytest.raises(ObjectMissing):
        await worker.get(key)


async def test_deleting_what_only_the_store_has_says_when_it_is_away(web, bucket):
    key = new_key()
    await web.put(key, CONTENT, "image/jpeg")
    bucket.close()

    with pytest.raises(StorageUnavailable):
        await web.delete(key)


async def test_what_is_kept_is_listed_with_what_is_stored(web, worker, bucket, database):
    stored, away = new_key(), new_key()
    await web.put(stored, CONTENT, "image/jpeg")
    bucket.close()
    await web.put(away, CONTENT, "image/jpeg")
    bucket.open()
    now = datetime.now(UTC)

    listed = {
        age: sorted([key async for key in worker.list("proof", before=now + timedelta(hours=age))])
        for age in (1, -1)
    }
    other = [key async for key in worker.list("cover")]
    assert (listed, other) == ({1: sorted([stored, away]), -1: []}, [])


async def test_what_no_row_names_is_collected_here_too(web, worker, bucket, database):
    bucket.close()
    await web.put(new_key(), CONTENT, "image/jpeg")
    bucket.open()

    deleted = await collect_orphans(database, worker, age=-timedelta(days=1))

    assert (deleted, [size for _, size in await kept(database)]) == (1, [0])


async def test_the_doctor_names_what_stays_too_long_and_gauges_measure_it(web, bucket, database):
    bucket.close()
    await web.put(key := new_key(), CONTENT, "image/jpeg")
    (rule,) = INVARIANTS
    async with database.read(SYSTEM) as session:
        before = (await session.execute(text(rule.sql))).all()
    async with database.write(SYSTEM) as session:
        await session.execute(text("UPDATE kept_objects SET kept_at = kept_at - interval '61 minutes'"))

    async with database.read(SYSTEM) as session:
        found = [row.key for row in await session.execute(text(rule.sql))]
    levels = {level.name: level.readings[0][1] for level in await storage_levels(database)()}

    assert (before, found) == ([], [key])
    assert (levels["kept_objects"], levels["kept_objects_bytes"]) == (1.0, float(len(CONTENT)))
    assert levels["kept_objects_oldest_seconds"] > 3_600


_ETAG = 'ETag: "a"\r\nConnection: close\r\n'
