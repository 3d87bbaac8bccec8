"""Counting the statements of a page: a list of three must cost what a list of one costs."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

CountQueries = Callable[[], AbstractContextManager[list[str]]]


def counter_for(engine: AsyncEngine) -> CountQueries:
    """A `with count_queries() as statements:` over everything that `engine` executes meanwhile."""

    @contextmanager
    def count() -> Iterator[list[str]]:
        statements: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            statements.append(statement)

        event.listen(engine.sync_engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(engine.sync_engine, "before_cursor_execute", note)

    return count
