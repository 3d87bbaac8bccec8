"""Which jobs exist: handlers register themselves by name, without any database."""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar, get_type_hints
from uuid import UUID

JobArgument = UUID | str | int | bool
Handler = Callable[..., Awaitable[None]]
H = TypeVar("H", bound=Handler)

DEFAULT_QUEUE = "default"
# With the backoff of `jobs.retry` sixteen tries span more than an hour, so that a provider's bad hour parks nothing.
DEFAULT_ATTEMPTS = 16
# Arguments are ids, codes and kinds. An e-mail address, a phone number or a sentence does not fit.
_ID = re.compile(r"[A-Za-z0-9_.:/-]{1,128}")


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """One registered handler and how its jobs run."""

    name: str
    handler: Handler
    queue: str = DEFAULT_QUEUE
    every: str | timedelta | None = None
    attempts: int = DEFAULT_ATTEMPTS
    lock: str | None = None
    priority: int = 0
    uuid_arguments: frozenset[str] = field(default_factory=frozenset)

    def lock_for(self, arguments: Mapping[str, Any]) -> str | None:
        """The lock of one job; of two jobs with one lock the later waits."""
        return self.lock.format(**arguments) if self.lock else None

    def call_arguments(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """What the handler is called with: ids it annotates as UUID are UUIDs again."""
        return {key: UUID(value) if key in self.uuid_arguments else value for key, value in stored.items()}


_tasks: dict[str, TaskSpec] = {}


def task(
    name: str,
    *,
    queue: str = DEFAULT_QUEUE,
    every: str | timedelta | None = None,
    attempts: int = DEFAULT_ATTEMPTS,
    lock: str | None = None,
    priority: int = 0,
) -> Callable[[H], H]:
    """Register `async def handler(deps: Registry, **ids)` under `name`.

    Delivery is at least once: a handler must survive running twice, also at the same time when a machine froze.
    It must not block the event loop, or its worker is taken for dead.

    `every` as a cron line enqueues one job at each time; as a timedelta it makes a loop inside every worker,
    without a job, whose handler sees to it that two of them do no harm. `attempts` counts all tries. `lock` is
    formatted with the arguments, `"order:{order_id}"`, and holds for the runs of a cron line as well.
    """

    def register(handler: H) -> H:
        options = {"queue": queue, "every": every, "attempts": attempts, "lock": lock, "priority": priority}
        _add(TaskSpec(name, handler, uuid_arguments=_uuid_arguments(handler), **options))  # type: ignore[arg-type]
        return handler

    return register


def registered_tasks() -> frozenset[str]:
    """The names that have a handler in this process."""
    return frozenset(_tasks)


def find_task(name: str) -> TaskSpec | None:
    """The task of that name, if this process knows it."""
    return _tasks.get(name)


def list_tasks() -> list[TaskSpec]:
    """Every task that this process knows."""
    return list(_tasks.values())


def stored_arguments(arguments: Mapping[str, JobArgument]) -> dict[str, Any]:
    """The arguments as they are kept; raises ValueError for anything that could be more than an id."""
    return {key: _stored(key, value) for key, value in arguments.items()}


def _stored(key: str, value: JobArgument) -> str | int | bool:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, int) or (isinstance(value, str) and _ID.fullmatch(value)):
        return value
    raise ValueError(f"job argument {key!r} must be an id: jobs carry no content and no personal data")


def _add(spec: TaskSpec) -> None:
    known = _tasks.get(spec.name)
    if known is not None and _place(known.handler) != _place(spec.handler):
        raise ValueError(f"two handlers for the task {spec.name!r}")
    _tasks[spec.name] = spec


def _place(handler: Handler) -> tuple[str, str]:
    return handler.__module__, handler.__qualname__


def _uuid_arguments(handler: Handler) -> frozenset[str]:
    hints = get_type_hints(handler)
    parameters = inspect.signature(handler).parameters
    return frozenset(name for name in parameters if hints.get(name) is UUID)
