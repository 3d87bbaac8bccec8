"""Group commit: what arrives while a group runs forms the next one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
RunGroup = Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]]


class Combiner(Generic[Item, Result]):
    """Runs items in groups, one group at a time, in the order of their arrival.

    Never waits on a timer: a lone item runs at once and pays what a plain call costs. `run` answers one result or
    exception per item; when it raises instead and `is_divisible` says that an item may be the cause, the group is
    bisected until the bad one fails alone. An item whose waiter went away before its group began is dropped.
    """

    def __init__(
        self,
        run: RunGroup[Item, Result],
        *,
        is_divisible: Callable[[Exception], bool],
        max_group: int = 256,
    ) -> None:
        self._run = run
        self._is_divisible = is_divisible
        self._max_group = max_group
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._runner: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing waits."""
        return self._runner is None and not self._waiting

    async def submit(self, item: Item) -> Result:
        """The result of `item`, once the group that it joined is done; raises what its group decided for it."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._runner is None:
            # In a context of its own: the runner serves everybody, not the request that happened to start it.
            self._runner = asyncio.create_task(self._drain(), context=Context())
        return await future

    async def _drain(self) -> None:
        try:
            while group := self._next_group():
                await self._settle(group)
        finally:
            self._runner = None
            # Only when the runner itself was cancelled; the next submit starts a new one.
            for _, future in self._waiting:
                _resolve(future, asyncio.CancelledError())
            self._waiting.clear()

    def _next_group(self) -> list[tuple[Item, asyncio.Future[Result]]]:
        group: list[tuple[Item, asyncio.Future[Result]]] = []
        while self._waiting and len(group) < self._max_group:
            item, future = self._waiting.popleft()
            if not future.done():
                group.append((item, future))
        return group

    async def _settle(self, group: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await self._run([item for item, _ in group])
            pairs = list(zip(group, results, strict=True))
        except Exception as error:  # noqa: BLE001  the runner survives whatever a group raises
            await self._settle_failure(group, error)
            return
        except asyncio.CancelledError as error:
            for _, future in group:
                _resolve(future, error)
            raise
        for (_, future), result in pairs:
            _resolve(future, result)

    async def _settle_failure(
        self, group: list[tuple[Item, asyncio.Future[Result]]], error: Exception
    ) -> None:
        if len(group) == 1 or not self._is_divisible(error):
            for _, future in group:
                _resolve(future, error)
            return
        middle = len(group) // 2
        await self._settle(group[:middle])
        await self._settle(group[middle:])


def _resolve(future: "asyncio.Future[Result]", result: Result | BaseException) -> None:
    if future.done():
        return
    if isinstance(result, BaseException):
        future.set_exception(result)
    else:
        future.set_result(result)
