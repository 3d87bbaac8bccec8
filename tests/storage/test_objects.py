"""Every store keeps the same promises, and says plainly when it cannot."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pesan.settings import Settings
from pesan.storage.errors import ObjectMissing, StorageUnavailable
from pesan.storage.objects import ObjectStorage, open_configured, open_storage
from tests.storage.conftest import BUCKET, make_s3

KEY = "proof/2026/11/00000000000000000000000000000001/file.jpg"
OTHER = "cover/2026/11/00000000000000000000000000000002/large.webp"


async def keys(storage: ObjectStorage, prefix: str, before: datetime | None = None) -> list[str]:
    return [key async for key in storage.list(prefix, before=before)]


async def test_object_comes_back_as_it_was_stored(storage: ObjectStorage) -> None:
    await storage.put(KEY, b"isi" * 100_000, "image/jpeg")

    content = await storage.open(KEY)
    assert await storage.get(KEY) == b"isi" * 100_000
    assert content.size == 300_000
    assert b"".join([chunk async for chunk in content.chunks]) == b"isi" * 100_000


async def test_missing_object_is_said_to_be_missing(storage: ObjectStorage) -> None:
    assert await storage.exists(KEY + "x") is False
    for read in (storage.get, storage.open):
        with pytest.raises(ObjectMissing):
            await read(KEY + "x")


async def test_deleted_object_is_gone_and_deleting_again_is_fine(storage: ObjectStorage) -> None:
    await storage.put(KEY, b"isi", "image/jpeg")

    await storage.delete(KEY, KEY + "x")
    await storage.delete(KEY)

    assert await storage.exists(KEY) is False


async def test_list_gives_what_is_under_the_prefix_and_old_enough(storage: ObjectStorage) -> None:
    await storage.put(KEY, b"isi", "image/jpeg")
    await storage.put(OTHER, b"isi", "image/webp")
    now = datetime.now(UTC)

    assert await keys(storage, "proof") == [KEY]
    assert await keys(storage, "proof", now + timedelta(hours=1)) == [KEY]
    assert await keys(storage, "proof", now - timedelta(hours=1)) == []
    await storage.delete(KEY, OTHER)


@pytest.mark.parametrize("key", ["../luar.jpg", "proof/../../luar.jpg"])
async def test_key_outside_the_store_is_refused(tmp_path: Path, key: str) -> None:
    storage = open_storage((tmp_path / "dalam").as_uri())

    with pytest.raises(ValueError, match="path"):
        await storage.put(key, b"isi", "image/jpeg")

    assert await keys(storage, "") == []
    assert not (tmp_path / "luar.jpg").is_file()


async def test_local_folder_is_its_owners_only(tmp_path: Path) -> None:
    open_storage((tmp_path / "objek").as_uri())

    assert (tmp_path / "objek").stat().st_mode & 0o777 == 0o700


async def test_local_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    storage = open_storage((tmp_path / "objek").as_uri())
    (tmp_path / "objek" / "proof").write_text("in the way")  # root ignores permissions, not this

    with pytest.raises(StorageUnavailable):
        await storage.put(KEY, b"isi", "image/jpeg")


def test_unknown_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="ftp"):
        open_storage("ftp://example.com/bucket")


async def test_s3_down_is_unavailable() -> None:
    storage = _s3_at("http://127.0.0.1:9")

    for call in (storage.put(KEY, b"isi", "image/jpeg"), storage.get(KEY), storage.delete(KEY)):
        with pytest.raises(StorageUnavailable) as refusal:
            await call
        assert refusal.value.retry_after == 10


async def test_s3_without_its_bucket_is_unavailable_for_writing(s3_endpoint: str) -> None:
    storage = open_storage(
        "s3://tidak-ada", endpoint=s3_endpoint, region="us-east-1", key_id="contoh", secret="contoh"
    )

    with pytest.raises(StorageUnavailable):
        await storage.put(KEY, b"isi", "image/jpeg")


@pytest.mark.parametrize("status", ["403 Forbidden", "500 Internal Server Error", "503 Slow Down"])
async def test_s3_that_refuses_is_unavailable(status: str) -> None:
    async with answering(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") as endpoint:
        with pytest.raises(StorageUnavailable):
            await _s3_at(endpoint, seconds=2.0).put(KEY, b"isi", "image/jpeg")


async def test_s3_that_never_answers_is_given_up() -> None:
    async with answering(None) as endpoint:
        with pytest.raises(StorageUnavailable):
            await _s3_at(endpoint, seconds=0.5).get(KEY)


async def test_s3_object_that_is_cut_off_is_unavailable() -> None:
    head = f'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nLast-Modified: {_HTTP_DATE}\r\nETag: "a"\r\n\r\nhalf'
    async with answering(head) as endpoint:
        content = await _s3_at(endpoint, seconds=1.0).open(KEY)

        with pytest.raises(StorageUnavailable):
            [chunk async for chunk in content.chunks]


async def test_local_provider_leaves_the_bucket_alone(tmp_path: Path) -> None:
    storage = open_configured(Settings(home=tmp_path, storage_bucket=BUCKET, storage_provider="local"))

    await storage.put(KEY, b"lokal", "image/jpeg")

    assert (tmp_path / "objects" / KEY).read_bytes() == b"lokal"


async def test_configured_store_is_a_folder_at_home_unless_set(tmp_path: Path, s3_endpoint: str) -> None:
    local = open_configured(Settings(home=tmp_path))
    make_s3(s3_endpoint)
    bucket = open_configured(
        Settings(
            home=tmp_path,
            storage_bucket=BUCKET,
            storage_endpoint=s3_endpoint,
            storage_key_id="contoh",
            storage_secret="contoh",
        )
    )

    await local.put(KEY, b"lokal", "image/jpeg")
    await bucket.put(KEY, b"ember", "image/jpeg")

    assert (tmp_path / "objects" / KEY).read_bytes() == b"lokal"
    assert await bucket.get(KEY) == b"ember"


_HTTP_DATE = "Sat, 21 Nov 2026 10:00:00 GMT"


def _s3_at(endpoint: str, seconds: float = 5.0) -> ObjectStorage:
    return open_storage(
        f"s3://{BUCKET}",
        endpoint=endpoint,
        region="us-east-1",
        key_id="contoh",
        secret="contoh",
        seconds=seconds,
    )


@asynccontextmanager
async def answering(answer: str | Callable[[], str] | None) -> AsyncIterator[str]:
    """A server that gives every request the same answer, or what is made for each, or none."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            await asyncio.sleep(3)
        else:
            writer.write((answer if isinstance(answer, str) else answer()).encode())
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}"
