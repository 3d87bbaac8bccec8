"""Who may call a route."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import APIRouter

from pesan.db import Actor
from pesan.kit.registry import Registry
from pesan.web.access import Who, allow, list_routes
from pesan.web.cookies import SESSION
from pesan.web.people import Person, Sessions
from tests.web.conftest import MakeApp, MakeClient

PAGE = {"accept": "text/html"}
MERCHANT = uuid4()


@dataclass(frozen=True)
class Somebody:
    """A signed-in person, as identity would hand one over."""

    roles: Mapping[UUID, str] = field(default_factory=dict)
    is_platform_admin: bool = False
    lacks_factor: bool = False

    def to_actor(self, *, ip_digest: str | None = None) -> Actor:
        return Actor.staff(UUID(int=1), frozenset(self.roles), ip_digest=ip_digest)


PEOPLE: dict[str, Person] = {
    "none": Somebody(),
    "staff": Somebody({MERCHANT: "staff"}),
    "organizer": Somebody({MERCHANT: "organizer"}),
    "admin": Somebody(is_platform_admin=True),
}

inner = APIRouter(prefix="/api/inner", dependencies=[allow(Who.STAFF)])
outer = APIRouter()


@inner.get("/staff")
async def for_staff() -> dict[str, bool]:
    return {"ok": True}


@inner.get("/organizer", dependencies=[allow(Who.ORGANIZER)])
async def for_organizers() -> dict[str, bool]:
    return {"ok": True}


@outer.get("/api/admin", dependencies=[allow(Who.ADMIN)])
async def for_admins() -> dict[str, bool]:
    return {"ok": True}


@outer.get("/api/booking/{code}", dependencies=[allow(Who.GUEST_WITH_CODE)])
async def for_guests_by_path(code: str) -> dict[str, bool]:
    return {"ok": True}


@outer.get("/api/booking", dependencies=[allow(Who.GUEST_WITH_CODE)])
async def for_guests() -> dict[str, bool]:
    return {"ok": True}


@outer.get("/backoffice/home", dependencies=[allow(Who.STAFF)])
async def page_for_staff() -> dict[str, bool]:
    return {"ok": True}


@outer.get("/api/undeclared")
async def undeclared() -> dict[str, bool]:
    return {"ok": True}


outer.include_router(inner)


@pytest.fixture
def client(make_client: MakeClient, registry: Registry) -> httpx.AsyncClient:
    async def find(token: str) -> Person | None:
        return PEOPLE.get(token)

    registry.add(Sessions, Sessions(find))
    return make_client(routers=(outer,))


async def status(client: httpx.AsyncClient, path: str, who: str, **headers: str) -> int:
    cookie = {"cookie": f"{SESSION}={who}"} if who else {}
    return (await client.get(path, headers={**cookie, **headers})).status_code


@pytest.mark.parametrize(
    ("path", "answers"),
    [
        ("/api/hello", [200, 200, 200, 200, 200, 200]),
        ("/api/inner/staff", [401, 401, 403, 200, 200, 200]),
        ("/api/inner/organizer", [401, 401, 403, 403, 200, 200]),
        ("/api/admin", [401, 401, 403, 403, 403, 200]),
        ("/api/booking", [404, 404, 404, 404, 404, 404]),
    ],
)
async def test_route_lets_in_whom_it_declares(client: httpx.AsyncClient, path: str, answers: list[int]):
    found = [await status(client, path, who) for who in ("", "forged", "none", "staff", "organizer", "admin")]

    assert found == answers


async def test_guest_shows_a_code_by_header_cookie_or_path(client: httpx.AsyncClient):
    assert await status(client, "/api/booking", "", **{"X-Booking-Code": "7qk3-zp9a-1bcde"}) == 200
    assert await status(client, "/api/booking", "", cookie="pesan_codes=7QK3ZP9A1BCDE") == 200
    assert await status(client, "/api/booking/7QK3ZP9A1BCDE", "") == 200
    assert await status(client, "/api/booking", "", **{"X-Booking-Code": "{}"}) == 404


async def test_page_for_staff_leads_a_stranger_to_the_log_in_and_back(client: httpx.AsyncClient):
    response = await client.get("/backoffice/home?tab=1", headers=PAGE)

    assert response.status_code == 303
    assert response.headers["location"] == "/backoffice/login?next=%2Fbackoffice%2Fhome%3Ftab%3D1"


async def test_list_of_routes_shows_every_declaration(make_app: MakeApp):
    found = {route.path: route for route in list_routes(make_app(routers=(outer,)))}

    assert [sorted(who) for who in found["/api/inner/organizer"].declared] == [["staff"], ["organizer"]]
    assert [sorted(who) for who in found["/api/hello"].declared] == [["public"]]
    assert found["/healthz"].methods == {"GET"}
    assert [path for path, route in found.items() if not route.declared] == ["/api/undeclared"]


def test_declaration_of_nobody_is_a_mistake():
    with pytest.raises(ValueError, match="say who"):
        allow()
