"""A file and its row are there together, or not at all."""

import asyncio

import pytest
from sqlalchemy.exc import IntegrityError

from pesan.errors import Busy, NotFound
from pesan.storage.errors import StorageUnavailable
from pesan.storage.inspection import CleanFile, Version
from pesan.storage.keys import Kind, family_of, kind_of, version_key
from pesan.storage.objects import ObjectStorage, open_storage
from pesan.storage.stored import stored

CLEAN = CleanFile(
    (Version("large.webp", "image/webp", b"besar"), Version("small.webp", "image/webp", b"kecil"))
)


@pytest.fixture
def memory() -> ObjectStorage:
    return open_storage("memory:")


async def keys(storage: ObjectStorage) -> list[str]:
    return sorted([key async for key in storage.list("")])


async def test_every_version_is_stored_and_the_first_is_named(memory: ObjectStorage) -> None:
    async with stored(memory, Kind.COVER, CLEAN) as key:
        pass

    assert kind_of(key) == Kind.COVER
    assert await keys(memory) == [key, key.replace("large", "small")]
    assert await memory.get(key) == b"besar"


async def test_versions_of_an_owned_picture_stand_beside_it_and_go_with_it(memory: ObjectStorage) -> None:
    with pytest.raises(NotFound):
        async with stored(memory, Kind.PRODUCT, CLEAN, owner="jpn25") as key:
            small = version_key(key, "small.webp")
            found = await keys(memory)
            raise NotFound

    assert found == sorted([key, small])
    assert (kind_of(key), kind_of(small)) == (Kind.PRODUCT, Kind.PRODUCT)
    assert (family_of(small), small) == (family_of(key), key.replace(".webp", "-small.webp"))
    assert await keys(memory) == []


@pytest.mark.parametrize("refusal", [NotFound(), IntegrityError("", {}, Exception())])
async def test_refused_row_takes_its_object_with_it(memory: ObjectStorage, refusal: Exception) -> None:
    with pytest.raises(type(refusal)):
        async with stored(memory, Kind.PROOF, CLEAN):
            raise refusal

    assert await keys(memory) == []


@pytest.mark.parametrize("doubt", [Busy(), asyncio.CancelledError(), OSError()])
async def test_row_that_may_have_been_written_keeps_its_object(
    memory: ObjectStorage, doubt: BaseException
) -> None:
    with pytest.raises(type(doubt)):
        async with stored(memory, Kind.PROOF, CLEAN):
            raise doubt

    assert len(await keys(memory)) == 2


async def test_nothing_is_written_when_the_store_is_down() -> None:
    down = open_storage(
        "s3://bucket", endpoint="http://127.0.0.1:9", region="us-east-1", key_id="a", secret="b", seconds=1.0
    )
    reached = []

    with pytest.raises(StorageUnavailable):
        async with stored(down, Kind.PROOF, CLEAN) as key:
            reached.append(key)

    assert reached == []
