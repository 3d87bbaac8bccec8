"""Many streams of one thing share a read, which is never older than what woke them."""

import asyncio

import pytest

from pesan.realtime.shared import SharedReads


class Source:
    """Counts its reads; each takes a moment."""

    def __init__(self) -> None:
        self.value = 0
        self.reads = 0

    async def fetch(self) -> int:
        self.reads += 1
        value = self.value
        await asyncio.sleep(0.05)
        return value


async def test_readers_that_ask_together_share_one_read() -> None:
    source, shared = Source(), SharedReads[int]()

    values = await asyncio.gather(*(shared.read("a", source.fetch) for _ in range(50)))

    assert (set(values), source.reads) == ({0}, 1)


async def test_reader_that_asks_during_a_read_gets_a_later_one() -> None:
    source, shared = Source(), SharedReads[int]()
    early = asyncio.create_task(shared.read("a", source.fetch))
    await asyncio.sleep(0.01)

    source.value = 1
    late = await asyncio.gather(*(shared.read("a", source.fetch) for _ in range(5)))

    assert (await early, set(late), source.reads) == (0, {1}, 2)


async def test_reads_of_different_keys_run_at_the_same_time() -> None:
    first, second, shared = Source(), Source(), SharedReads[int]()

    await asyncio.gather(shared.read("a", first.fetch), shared.read("b", second.fetch))

    assert (first.reads, second.reads) == (1, 1)


async def test_failed_read_fails_its_readers_and_nobody_else() -> None:
    source, shared = Source(), SharedReads[int]()

    async def fail() -> int:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        await shared.read("a", fail)
    assert await shared.read("a", source.fetch) == 0
    assert (shared._running, shared._waiting) == ({}, {})


async def test_reader_that_leaves_takes_nobody_along() -> None:
    source, shared = Source(), SharedReads[int]()
    leaving = asyncio.create_task(shared.read("a", source.fetch))
    staying = asyncio.create_task(shared.read("a", source.fetch))
    await asyncio.sleep(0.01)
    leaving.cancel()

    assert await staying == 0
