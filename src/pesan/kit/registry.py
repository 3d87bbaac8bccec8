"""The objects of one process, found by their type."""

from typing import Any, TypeVar, cast

T = TypeVar("T")


class Registry:
    """Holds one object per type; filled by a composition root, read by routes and job handlers."""

    def __init__(self) -> None:
        self._objects: dict[type[Any], Any] = {}

    def add(self, kind: type[T], instance: T) -> T:
        """Register `instance` as the process's `kind`; a second one is a mistake and refused."""
        if kind in self._objects:
            raise ValueError(f"{kind.__name__} is registered already")
        self._objects[kind] = instance
        return instance

    def __getitem__(self, kind: type[T]) -> T:
        return cast("T", self._objects[kind])

    def __contains__(self, kind: type[Any]) -> bool:
        return kind in self._objects
