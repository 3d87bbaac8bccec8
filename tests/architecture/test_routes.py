"""Who may call what: declared by every route, listed in `routes.txt`, and true."""

import os
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from pesan.app.web import create_app
from pesan.booths.screens.tokens import BoothTokens
from pesan.gates.device_tokens import DeviceTokens
from pesan.identity.states import MerchantRole, PlatformRole
from pesan.kit.ids import new_id
from pesan.settings import Settings
from pesan.web.access import DeclaredRoute, Who, list_routes
from pesan.web.devices import BoothClaims, DeviceClaims
from tests.support.factories import Make

TABLE = Path(__file__).with_name("routes.txt")
ROLES = ("anonymous", "guest", "customer", "staff", "organizer", "admin", "device", "booth")
IS = {
    "anonymous": {Who.PUBLIC},
    "guest": {Who.PUBLIC, Who.GUEST_WITH_CODE},
    "customer": {Who.PUBLIC, Who.USER},
    "staff": {Who.PUBLIC, Who.USER, Who.STAFF},
    "organizer": {Who.PUBLIC, Who.USER, Who.STAFF, Who.ORGANIZER},
    "admin": {Who.PUBLIC, Who.USER, Who.STAFF, Who.ORGANIZER, Who.ADMIN},
    "device": {Who.PUBLIC, Who.DEVICE},
    "booth": {Who.PUBLIC, Who.BOOTH},
}
# What turns a caller away for who they are; whatever else a route answers, it let them in.
REFUSALS = {"auth.required", "forbidden", "gate.token_invalid", "booths.token_invalid"}
LOG_OUT = "/api/auth/logout"
UNUSED_CODE = "ZZZZZZZZZZZZZ"
# In place of an id or a code; a route that lets the caller in finds nothing by it.
NOBODYS = {"code": UNUSED_CODE, "id": "01a1fdd2-4211-7ebb-8eb5-8ff1d35af34f"}


@pytest.fixture
def routes(registry) -> list[DeclaredRoute]:
    return list_routes(create_app(registry))


def admits(route: DeclaredRoute, role: str) -> bool:
    """Whoever names a code in the address is its guest, whatever else they are."""
    is_guest = {Who.GUEST_WITH_CODE} if "{code}" in route.path else set()
    return all(group & (IS[role] | is_guest) for group in route.declared)


def describe(route: DeclaredRoute) -> str:
    who = " & ".join("|".join(sorted(group)) for group in route.declared)
    return f"{','.join(sorted(route.methods)):7} {route.path:55} {who}"


def address(route: DeclaredRoute) -> str:
    names = [part[1:-1].split(":")[0] for part in route.path.split("/") if part.startswith("{")]
    path = route.path
    for name in names:
        path = path.replace(f"{{{name}}}", NOBODYS.get(name, NOBODYS["id"])).replace(f"{{{name}:path}}", "x")
    return path


def test_every_route_declares_who_may_call_it(routes):
    assert [route.path for route in routes if not route.declared] == []


def test_routes_are_those_listed(routes):
    """A new route is a decision: `PESAN_TEST_WRITE=1 make test ARGS=tests/architecture` writes the list anew."""
    listed = "".join(f"{line}\n" for line in sorted(describe(route) for route in routes))
    if os.environ.get("PESAN_TEST_WRITE"):
        TABLE.write_text(listed)
    assert TABLE.read_text() == listed


async def browser(app: FastAPI, make: Make, role: str) -> httpx.AsyncClient:
    """Somebody in that role at a merchant with nothing to see."""
    cookies: dict[str, str] = {}
    if role in {"staff", "organizer"}:
        cookies = await make.session_of(await make.user(await make.merchant(), MerchantRole(role)))
    elif role == "customer":
        cookies = await make.session_of(await make.user())
    elif role == "admin":
        cookies = await make.session_of(await make.user(platform_role=PlatformRole.ADMIN))
    headers = {"accept": "application/json", **({"x-booking-code": UNUSED_CODE} if role == "guest" else {})}
    if role == "device":
        token = DeviceTokens(app.state.registry[Settings].secret).make(DeviceClaims(*[new_id()] * 4))
        headers["authorization"] = f"Bearer {token.text}"
    if role == "booth":
        token = BoothTokens(app.state.registry[Settings].secret).make(BoothClaims(*[new_id()] * 4))
        headers["authorization"] = f"Bearer {token.text}"
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1", cookies=cookies, headers=headers
    )


def turned_away(answer: httpx.Response) -> bool:
    if answer.headers.get("location", "").startswith(("/backoffice/login", "/account/login?next=")):
        return True
    is_problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    return is_problem and answer.json()["code"] in REFUSALS


@pytest.mark.parametrize("role", ROLES)
async def test_routes_let_in_whom_they_declare(app, make, routes, role):
    wrong, broken = [], []
    # Whoever is asked after signing out has nobody to let in.
    routes = sorted(routes, key=lambda route: (route.path == LOG_OUT, "POST" in route.methods))
    async with await browser(app, make, role) as client:
        for route in routes:
            for method in route.methods - {"HEAD"}:
                answer = await client.request(method, address(route))
                let_in = not turned_away(answer)
                wrong += [(method, route.path, answer.status_code)] if let_in != admits(route, role) else []
                broken += [(method, route.path)] if answer.status_code >= 500 else []
    assert wrong == []
    assert broken == []
