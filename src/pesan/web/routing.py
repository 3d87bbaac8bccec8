"""Routes found by their first segment, so that the length of the route table costs a hot route nothing.

The framework tries every route in turn and an included router's twice: with a hundred routes that is slower than
everything else it does for a request. Behaviour is the framework's: first match wins, in the order of registration,
and whatever is not found here goes through its own search, which knows 404, 405 and mounts.
"""

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from pesan.web.access import Allowed

_Candidates = tuple[APIRoute | None, ...]


def add_routes(app: FastAPI, router: APIRouter) -> None:
    """Register the routes of `router` on `app`, with the prefix and dependencies that the router gave them.

    In place of `include_router`, which keeps routers nested and matches them one by one at each request. A route
    whose first segment is a parameter must come after every other.
    """
    for route in _flatten(router, is_hidden=False):
        if isinstance(route, APIRoute):
            _drop_open_declaration(route)
        app.router.routes.append(route)


def _flatten(router: APIRouter, *, is_hidden: bool) -> Iterator[BaseRoute]:
    """A router that only gathers others is opened; one that adds a prefix or dependencies stays as it is."""
    is_hidden = is_hidden or not router.include_in_schema
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None and _adds_nothing(route):
            yield from _flatten(inner, is_hidden=is_hidden)
            continue
        if is_hidden and isinstance(route, APIRoute):
            route.include_in_schema = False
        yield route


def _adds_nothing(route: Any) -> bool:
    return not (route.include_context.prefix or route.include_context.dependencies)


def _drop_open_declaration(route: APIRoute) -> None:
    """A declaration that lets everybody in has nothing to do at run time; it stays in `route.dependencies`."""
    solved = route.dependant.dependencies
    solved[:] = [found for found in solved if not (isinstance(found.call, Allowed) and found.call.is_open)]


class RouteIndex:
    """Stands before the app's router and dispatches what it finds at once."""

    def __init__(self, router: APIRouter) -> None:
        self._router = router
        self._size = -1
        self._by_segment: dict[str, _Candidates] = {}
        self._others: _Candidates = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's scope."""
        if scope["type"] == "http":
            route = self._find(scope)
            if route is not None:
                scope.setdefault("router", self._router)
                await route.handle(scope, receive, send)
                return
        await self._router.app(scope, receive, send)

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
        routes = self._router.routes
        placed = [(_segment_of(route), route if isinstance(route, APIRoute) else None) for route in routes]
        names = {name for name, _ in placed if name is not None}
        self._by_segment = {
            name: tuple(route for own, route in placed if own in {name, None}) for name in names
        }
        self._others = tuple(route for own, route in placed if own is None)
        self._size = len(routes)


def _segment_of(route: BaseRoute) -> str | None:
    """The literal first segment of a route's path; None when it may be anything."""
    segment = _first_segment(getattr(route, "path", None) or "/{any}")
    return None if "{" in segment else segment


def _first_segment(path: str) -> str:
    return path[1:].partition("/")[0]
