"""Routes found by their first segment, so that the length of the route table costs a hot route nothing.

The framework tries every route in turn, and those of an included router twice: with a hundred routes that is slower
than everything else it does for a request. Behaviour stays the framework's: the first match wins, in the order of
registration, and whatever is not found here goes through its own search, which knows 404, 405 and mounts.
"""

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from pesan.web.access import Allowed

_Candidates = tuple[APIRoute | None, ...]


class RouteIndex:
    """Stands before an app's router and dispatches what it finds at once; built at the first request."""

    def __init__(self, router: APIRouter) -> None:
        self._router = router
        self._size = -1
        self._by_segment: dict[str, _Candidates] = {}
        self._others: _Candidates = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's scope."""
        is_plain = scope["type"] == "http" and not scope.get("root_path")
        route = self._find(scope) if is_plain else None
        if route is None:
            await self._router.app(scope, receive, send)
            return
        scope.setdefault("router", self._router)
        await route.handle(scope, receive, send)

    def _find(self, scope: Scope) -> APIRoute | None:
        if self._size != len(self._router.routes):
            self._build()
        for route in self._by_segment.get(_first_segment(scope["path"]), self._others):
            if route is None:
                return None
            match, child_scope = route.matches(scope)
            if match == Match.FULL:
                scope.update(child_scope)
                return route
        return None

    def _build(self) -> None:
        """None marks a route that only the framework can judge; the search ends there."""
        placed = [
            (_segment_of(route), route if isinstance(route, APIRoute) else None) for route in self._routes()
        ]
        names = {name for name, _ in placed if name is not None}
        self._by_segment = {
            name: tuple(route for own, route in placed if own in {name, None}) for name in names
        }
        self._others = tuple(route for own, route in placed if own is None)
        self._size = len(self._router.routes)

    def _routes(self) -> Iterator[BaseRoute]:
        for route in _flatten(self._router):
            if isinstance(route, APIRoute):
                _drop_open_declaration(route)
            yield route


def _flatten(router: APIRouter) -> Iterator[BaseRoute]:
    """A router that was included as it is is opened; one that got a prefix or dependencies on the way stays whole."""
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None and _adds_nothing(route):
            yield from _flatten(inner)
        else:
            yield route


def _adds_nothing(route: Any) -> bool:
    return not (route.include_context.prefix or route.include_context.dependencies)


def _drop_open_declaration(route: APIRoute) -> None:
    """A declaration that lets everybody in has nothing to do at run time; it stays in `route.dependencies`."""
    solved = route.dependant.dependencies
    solved[:] = [found for found in solved if not (isinstance(found.call, Allowed) and found.call.is_open)]


def _segment_of(route: BaseRoute) -> str | None:
    """The literal first segment of a route's path; None when it may be anything."""
    segment = _first_segment(getattr(route, "path", None) or "/{any}")
    return None if "{" in segment else segment


def _first_segment(path: str) -> str:
    return path[1:].partition("/")[0]
