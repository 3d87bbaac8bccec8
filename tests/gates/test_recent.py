"""What many ask for at once is worked out once."""

import asyncio

import pytest

from pesan.gates.recent import Recent


class Finding:
    """Counts how often something is looked for; waits until it may be found."""

    def __init__(self) -> None:
        self.times = 0
        self.go = asyncio.Event()

    async def __call__(self) -> int:
        self.times += 1
        await self.go.wait()
        return self.times


async def test_of_many_who_ask_at_once_one_looks():
    recent, find = Recent[str, int](60), Finding()
    asking = [asyncio.create_task(recent.get("a", find)) for _ in range(20)]
    await asyncio.sleep(0)
    find.go.set()

    answers = await asyncio.gather(*asking)

    assert (set(answers), find.times) == ({1}, 1)
    assert await recent.get("b", find) == 2


async def test_when_one_goes_away_another_looks():
    recent, find = Recent[str, int](60), Finding()
    first, second = (asyncio.create_task(recent.get("a", find)) for _ in range(2))
    await asyncio.sleep(0)

    first.cancel()
    find.go.set()

    assert await second == 2
    with pytest.raises(asyncio.CancelledError):
        await first
