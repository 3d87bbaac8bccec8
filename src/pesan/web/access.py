"""Every route declares who may call it; a test lists role by route, and a route without a declaration fails it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.routing import APIRoute

from pesan.errors import Forbidden, NotFound, PesanError
from pesan.web.deps import booking_codes, find_booth, find_device, find_person
from pesan.web.errors import BoothTokenInvalid, DeviceTokenInvalid, FactorNeeded, SignInNeeded
from pesan.web.people import ORGANIZER, Person


class Who(StrEnum):
    """Who may call a route.

    A user is whoever is signed in; an administrator may whatever organizers and staff may. A device is whatever shows
    a token of a gate's, a booth the screen that shows a token of a booth's: they are no people, and people are neither.
    """

    PUBLIC = "public"
    GUEST_WITH_CODE = "guest_with_code"
    USER = "user"
    STAFF = "staff"
    ORGANIZER = "organizer"
    ADMIN = "admin"
    DEVICE = "device"
    BOOTH = "booth"


class Allowed:
    """The dependency that `allow` makes; `who` is what a test reads.

    It decides by role alone. Whether this merchant's row is this person's to touch is for the feature's policies and
    the database's.
    """

    def __init__(self, *who: Who) -> None:
        if not who:
            raise ValueError("say who may call the route")
        self.who = frozenset(who)
        self.is_open = Who.PUBLIC in self.who
        if Who.DEVICE in self.who and len(self.who) > 1:
            raise ValueError("a device's route is open to nobody else")

    async def __call__(self, request: Request) -> None:
        """Raises SignInNeeded, Forbidden, Device- or BoothTokenInvalid, or NotFound for a guest without any code."""
        if self.is_open:
            return
        if Who.DEVICE in self.who:
            if find_device(request) is None:
                raise DeviceTokenInvalid
            return
        if self._knows(request):
            return
        person = await find_person(request) if self._people else None
        if person is None:
            raise self._stranger()
        if not self._admits(person):
            raise FactorNeeded if person.lacks_factor else Forbidden

    @property
    def _people(self) -> frozenset[Who]:
        return self.who - {Who.GUEST_WITH_CODE, Who.BOOTH}

    def _knows(self, request: Request) -> bool:
        """Whoever gets in by what they show, without being signed in."""
        is_guest = Who.GUEST_WITH_CODE in self.who and bool(booking_codes(request))
        return is_guest or (Who.BOOTH in self.who and find_booth(request) is not None)

    def _stranger(self) -> PesanError:
        if self._people:
            return SignInNeeded()
        return BoothTokenInvalid() if Who.BOOTH in self.who else NotFound()

    def _admits(self, person: Person) -> bool:
        if person.is_platform_admin or Who.USER in self.who:
            return True
        roles = set(map(str, person.roles.values()))
        return (Who.STAFF in self.who and bool(roles)) or (Who.ORGANIZER in self.who and ORGANIZER in roles)


def allow(*who: Who) -> Any:
    """For a route's or router's `dependencies=[allow(Who.STAFF)]`."""
    return Depends(Allowed(*who))


@dataclass(frozen=True, slots=True)
class DeclaredRoute:
    """One route of the app, with the declarations that guard it; they must all be met."""

    path: str
    methods: frozenset[str]
    name: str
    declared: Sequence[frozenset[Who]]
    route: APIRoute


def list_routes(app: FastAPI) -> list[DeclaredRoute]:
    """Every route that the app answers, routers included, by its full path."""
    return [_declare(path, route, guards) for path, route, guards in _walk(app.routes)]


def _walk(routes: Sequence[Any]) -> Iterator[tuple[str, APIRoute, Sequence[Any]]]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route.path, route, route.dependencies
        elif hasattr(route, "effective_route_contexts"):
            yield from _included(route)


def _included(router: Any) -> Iterator[tuple[str, APIRoute, Sequence[Any]]]:
    """The routes of an included router, with its prefix and its own dependencies."""
    for found in router.effective_route_contexts():
        route = found.original_route
        if isinstance(route, APIRoute):
            yield found.path, route, [*found.dependencies, *route.dependencies]


def _declare(path: str, route: APIRoute, guards: Sequence[Any]) -> DeclaredRoute:
    declared = {
        id(guard.dependency): guard.dependency.who
        for guard in guards
        if isinstance(guard.dependency, Allowed)
    }
    return DeclaredRoute(path, frozenset(route.methods or ()), route.name, list(declared.values()), route)
