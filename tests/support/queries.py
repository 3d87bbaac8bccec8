"""Counting the statements of a page: a list of three must cost what a list of one costs."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from sqlalchemy import TextClause, event
from sqlalchemy.ext.asyncio import AsyncEngine

from pesan.db.pipeline import Pipe

CountQueries = Callable[[], AbstractContextManager[list[str]]]


def counter_for(engine: AsyncEngine) -> CountQueries:
    """A `with count_queries() as statements:` over everything that `engine` executes meanwhile."""

    @contextmanager
    def count() -> Iterator[list[str]]:
        statements: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            statements.append(statement)

        sent = Pipe.execute

        async def note_sent(pipe: Pipe, statement: TextClause, params: Any) -> Any:
            statements.append(str(statement))
            return await sent(pipe, statement, params)

        event.listen(engine.sync_engine, "before_cursor_execute", note)
        try:
            with pytest.MonkeyPatch.context() as observed:
                observed.setattr(Pipe, "execute", note_sent)  # which the engine's events do not see
                yield statements
        finally:
            event.remove(engine.sync_engine, "before_cursor_execute", note)

    return count
