"""Fixtures of the queue's tests."""

from collections.abc import Iterator

import pytest

from pesan.jobs import registry


@pytest.fixture(autouse=True)
def own_tasks() -> Iterator[None]:
    """Each test registers the tasks it needs; the next one finds none of them."""
    kept = dict(registry._tasks)
    registry._tasks.clear()
    yield
    registry._tasks.clear()
    registry._tasks.update(kept)
