"""The OpenAPI document against the running service: whatever is sent, the answer is one that the document names."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
)

from pesan.catalog.models import Event
from pesan.db import Actor
from pesan.gates.device_tokens import DeviceTokens
from pesan.gates.service.gates import make_gate
from pesan.gates.service.pairing import make_pairing, register_device
from pesan.identity.devices.keys import DeviceKey, KeyKind
from pesan.identity.devices.pairing import NewDevice
from pesan.identity.models import User
from pesan.kit.ids import new_id
from pesan.kit.signing import Signer
from pesan.orders.states import OrderState
from pesan.tickets.queries import list_tickets
from pesan.web.devices import DeviceClaims
from tests.contract.outlets import Desk, open_desk
from tests.payments.steps import BANK, QRIS, add_method
from tests.storage.files import encoded, picture
from tests.support.factories import PASSWORD, SYSTEM, Make
from tests.support.fulfilment import fulfil

load_all_checks()

EXAMPLES = 40
FEW = 10
HOLDS = 4 * EXAMPLES
# What a password, a provider's signature, a code that serves once or a proof of a key opens, and what never ends; tests
# of their own show it.
GUARDED = (
    "/api/auth/",
    "/api/webhooks/",
    "/v1/payments/webhook/",
    "/payment/confirm",
    "/v1/gates/re",
    "/v1/gates/stream",
    "/v1/scans/{scan_id}/",
    "/booth/register",
    "/booth/token",
)
# What a jastiper or whoever takes part is asked for; `test_jastip_document` shows each of them succeed.
JASTIP = ("/api/profile/", "/api/trips", "/api/participants/", "/api/products/", "/api/orders")
TRANSPORT = frozenset({"Content-Length", "Transfer-Encoding", "Connection", "Host"})
# What a device at a gate does, by its token.
GATES = ("/v1/gates/", "/v1/scan")
# What a booth's screen does, by its token.
SCREENS = "/booth/"
# What an organizer's programs do, signed in as staff, and what only super admins of booths do.
STAFF = ("/v1/statements/", "/booking", "/session/")
CHIEFS = ("/outlets", "/admin-users", "/config/")
# The booth desk's paths begin at the root, where pages are, too.
DESK = (*STAFF[1:], *CHIEFS, SCREENS)
PAGES = ("/booth/shell", "/booth/sw.js", "/booth/{booth_id}", "/booth/{booth_id}/manifest.webmanifest")
PROOF = encoded(picture(80, 120), "PNG")
CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]


@dataclass(frozen=True)
class Seeds:
    """What is really there, so that some of the requests succeed."""

    event_ids: list[str]
    fair_id: str
    item: dict[str, Any]
    method_ids: list[str]
    holds: list[tuple[str, str]]
    codes: list[str]
    tickets: list[tuple[str, str]]
    qr_token: str
    staff: dict[str, str]
    device: tuple[str, str]
    desk: Desk


@dataclass
class Findings:
    """What the service answered, and what was wrong about it."""

    statuses: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    wrong: list[str] = field(default_factory=list)


# Every operation, some forty times: minutes on a machine that does something else as well.
@pytest.mark.timeout(900)
async def test_service_answers_as_its_document_says(live_server, make: Make, database, settings):
    seeds = await sow(make, database, settings.secret)
    service = await live_server()

    findings = await asyncio.to_thread(examine, service.url, seeds)

    assert "\n\n".join(findings.wrong) == ""
    refused = {name for name, statuses in findings.statuses.items() if not any(s < 300 for s in statuses)}
    assert {name for name in refused if not name.split()[1].startswith((*GUARDED, *JASTIP))} == set()


async def test_every_route_of_the_api_is_in_the_document(client, app):
    from pesan.web.access import list_routes

    document = (await client.get("/openapi.json")).json()

    described = {
        (method.upper(), path) for path, operations in document["paths"].items() for method in operations
    }
    served = {
        (method, route.path)
        for route in list_routes(app)
        for method in route.methods
        if route.path.startswith(("/api/", "/v1/", "/.well-known/jwks", "/payment/", *DESK))
        and route.path not in PAGES
    }
    assert described == served


async def test_document_describes_what_a_client_must_know(client):
    document = (await client.get("/openapi.json")).json()

    operations = [op for operations in document["paths"].values() for op in operations.values()]
    assert {tag["name"] for tag in document["tags"]} == {tag for op in operations for tag in op["tags"]}
    assert all(op["summary"] and op["description"] for op in operations)
    posts = {path: op["post"] for path, op in document["paths"].items() if "post" in op}
    with_key = {
        path
        for path, op in posts.items()
        if "Idempotency-Key" in [p["name"] for p in op.get("parameters", [])]
    }
    # Signing in and pairing are used once as they are, what a provider or a gate sends has an id of its own, and a
    # booth's screen only looks and says how it is.
    keyless = {path for path in posts if path.startswith((*GUARDED, *GATES, SCREENS))}
    assert set(posts) - with_key - keyless == {"/api/verify/qr", "/v1/orders/quote"}  # read only
    opened = {path for path, op in posts.items() if "bookingCode" in str(op.get("security"))}
    assert opened == {path for path in posts if "{id}" in path and not path.startswith(DESK)}
    assert document["components"]["securitySchemes"]["bookingCode"]["name"] == "X-Booking-Code"


async def sow(make: Make, database, secret: bytes) -> Seeds:
    """Two events, one of them full, ways to pay, holds to move, a booking in every state, and outlets."""
    merchant = await make.merchant(name="Kopi Senja")
    event = await make.event(merchant, capacity=1_000_000)
    full = await make.event(merchant, capacity=1)
    await make.order(full, state=OrderState.REVIEW)
    fair = await make.event(merchant, capacity=1_000_000, max_per_order=10)
    offer = await make.ticket_type(fair, inventory=1_000_000)
    methods = [await add_method(database, merchant.id, draft) for draft in (BANK, QRIS)]
    holds = [await make.order(event) for _ in range(HOLDS)]
    staff = await make.user(merchant)
    others = [
        await make.order(event, state=state)
        for state in (OrderState.REVIEW, OrderState.PAID, OrderState.REJECTED, OrderState.CANCELLED)
    ]
    done = await make.order(event, state=OrderState.PAID)
    await fulfil(make, database, done)
    async with database.read(SYSTEM) as session:
        (ticket,) = await list_tickets(session, done.id)
    return Seeds(
        event_ids=[str(event.id), str(event.id), str(full.id)],
        fair_id=str(fair.id),
        item={"ticket_type_id": str(offer.id), "qty": 1},
        method_ids=[str(method.id) for method in methods],
        holds=[(str(order.id), order.code) for order in holds],
        codes=[order.code for order in (*holds[:3], *others)],
        tickets=[(str(ticket.id), done.code)],
        qr_token=Signer(secret, "ticket.qr").sign(f"{ticket.id}:0"),
        staff={"email": staff.email, "password": PASSWORD},
        device=await join_gate(database, secret, event, staff),
        desk=await open_desk(make, database, merchant, secret),
    )


async def join_gate(database, secret: bytes, event: Event, staff: User) -> tuple[str, str]:
    """A device at a gate of the event: its id and token."""
    actor, key = Actor.staff(staff.id, frozenset([event.merchant_id])), DeviceKey(KeyKind.ED25519, bytes(32))
    async with database.write(actor) as session:
        gate = await make_gate(session, event=event, name="Pintu Utara", actor=actor)
        pairing = await make_pairing(session, secret, gate.id, event_id=event.id, actor=actor)
        new = NewDevice("HP Tono", key, "1.0")
        device, _ = await register_device(session, secret, code=pairing.code, new=new, actor=actor)
    claims = DeviceClaims(device.id, event.id, gate.id, event.merchant_id)
    return str(device.id), DeviceTokens(secret).make(claims).text


def examine(url: str, seeds: Seeds) -> Findings:
    """Send generated requests to every operation, valid ones and broken ones."""
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    schema.config.update(base_url=url)
    # A body that is too long is refused before anybody looks at the rest of the request.
    rejection = schema.config.checks.negative_data_rejection
    rejection.expected_statuses = [*rejection.expected_statuses, "413"]
    findings = Findings()
    with requests.Session() as session:
        tokens = Tokens(
            staff=sign_in(session, url, seeds.staff),
            chief=sign_in(session, url, seeds.desk.chief),
            gate=seeds.device[1],
            screen=seeds.desk.screen_token,
        )
        for result in schema.get_all_operations():
            operation = result.ok()
            for mode in GenerationMode:
                opened = opening(operation.path, tokens)
                send = Send(session, findings, operation.label, mode, opened)
                examine_operation(operation, mode, seeds, send)
    return findings


@dataclass(frozen=True)
class Tokens:
    """What lets requests in."""

    staff: str
    chief: str
    gate: str
    screen: str

    def find(self, path: str) -> str | None:
        """The token of whoever may ask for this path, where one has to be sent."""
        if path.startswith(GUARDED) or path.endswith("/slots"):
            return None
        for paths, token in (
            (STAFF, self.staff),
            (CHIEFS, self.chief),
            (GATES, self.gate),
            (SCREENS, self.screen),
        ):
            if path.startswith(paths):
                return token
        return None


def sign_in(session: requests.Session, url: str, person: dict[str, str]) -> str:
    """The token of somebody's program."""
    token = session.post(f"{url}/api/auth/login", json=person).json()["token"]
    session.cookies.clear()
    return str(token)


def opening(path: str, tokens: Tokens) -> dict[str, str]:
    """What lets a request in, where a token does."""
    token = tokens.find(path)
    return {"Authorization": f"Bearer {token}"} if token else {}


@dataclass(frozen=True)
class Send:
    """Sends a case and notes what came back."""

    session: requests.Session
    findings: Findings
    label: str
    mode: GenerationMode
    opened: dict[str, str]

    def __call__(self, case: Case) -> None:
        for name in TRANSPORT & {each.title() for each in case.headers or {}}:
            del case.headers[name]  # the connection's own: what is wrong with it, the server says without us
        response = case.call(session=self.session, timeout=30, headers=self.opened)
        self.session.cookies.clear()
        self.findings.statuses[self.label].add(response.status_code)
        named = case.operation.definition.raw["responses"]
        if str(response.status_code) not in named and case.method.upper() == self.label.split()[0]:
            self._note(case, response, "status is not named")
        try:
            case.validate_response(response, checks=self._checks(case))
        except schemathesis.core.failures.FailureGroup as group:
            for failure in group.exceptions:
                self._note(case, response, str(failure))

    def _checks(self, case: Case) -> list[Any]:
        """What is broken has to be refused.

        What was broken by leaving the token out is whole again, and whom a token names may send any key; their reads
        ignore what nobody asked for.
        """
        meta = case.meta
        assert meta is not None
        broken = {location for location, part in meta.components.items() if part.mode.is_negative}
        is_read = self.label.startswith("GET ")
        is_whole = bool(self.opened) and (is_read or broken <= {ParameterLocation.HEADER})
        if self.mode is GenerationMode.POSITIVE or is_whole:
            return CHECKS
        return [*CHECKS, negative_data_rejection]

    def _note(self, case: Case, response: Any, problem: str) -> None:
        sent = f"{case.formatted_path} {case.query} {case.headers} {str(case.body)[:300]}"
        self.findings.wrong.append(
            f"{self.label} {response.status_code}: {problem}\n{sent}\n{response.text[:500]}"
        )


def examine_operation(
    operation: Any, mode: GenerationMode, seeds: Seeds, send: Callable[[Case], None]
) -> None:
    """A fixed sequence of examples for one operation."""

    @hypothesis.settings(
        max_examples=FEW if operation.path.startswith((*GUARDED, *DESK, *JASTIP)) else EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(case=cases(operation, mode, seeds))
    def run(case: Case) -> None:
        send(case)

    try:
        run()
    except hypothesis.errors.Unsatisfiable:
        if mode is GenerationMode.POSITIVE:
            raise
        # Nothing about this operation can be broken: no parameter, or only texts.


def cases(operation: Any, mode: GenerationMode, seeds: Seeds) -> st.SearchStrategy[Case]:
    """Requests as the document describes them, about things that are there and things that are not."""
    names = {parameter.name for parameter in operation.path_parameters}
    about: list[st.SearchStrategy[Case]] = [operation.as_strategy(mode)]
    if operation.path.startswith(DESK):
        if ways := seeds.desk.ways(operation.path):
            about.append(st.sampled_from(ways).flatmap(lambda way: operation.as_strategy(mode, **way)))
    elif "code" in names:
        about.append(
            st.sampled_from(seeds.codes).flatmap(
                lambda code: operation.as_strategy(mode, path_parameters={"code": code})
            )
        )
    elif "token" in names:
        about.append(operation.as_strategy(mode, path_parameters={"token": seeds.qr_token}))
    elif any(part in operation.path for part in ("/bookings/{id}", "/orders/{id}", "/tickets/{id}")):
        about.append(
            st.sampled_from(seeds.tickets if "/tickets/" in operation.path else seeds.holds).flatmap(
                lambda hold: operation.as_strategy(
                    mode,
                    path_parameters={"id": hold[0]},
                    headers={"X-Booking-Code": hold[1], "Idempotency-Key": str(new_id())},
                )
            )
        )
    elif len(names) == 1:
        (name,) = names
        about.append(
            st.sampled_from(seeds.event_ids).flatmap(
                lambda event_id: operation.as_strategy(mode, path_parameters={name: event_id})
            )
        )
    if mode is GenerationMode.NEGATIVE:
        return st.one_of(about)
    return st.builds(fill, st.one_of(about), st.sampled_from(range(1000)), st.just(seeds))


def fill(case: Case, number: int, seeds: Seeds) -> Case:
    """Put real ids into three of four bodies that name one, and a real picture into uploads."""
    if number % 4 == 0 or not isinstance(case.body, dict):
        return case
    real = {
        "eventId": seeds.event_ids[number % len(seeds.event_ids)],
        "event_id": seeds.fair_id,
        "items": [seeds.item],
        "buyer": {"name": "Siti Nurhaliza", "email": f"siti{number}@contoh.id"},
        "promo_code": None,
        "methodId": seeds.method_ids[number % len(seeds.method_ids)],
        "method_id": seeds.method_ids[number % len(seeds.method_ids)],
        "name": "Siti Nurhaliza",
        "wa": "0812-3456-7890" if number % 3 else None,
        "email": f"siti{number}@contoh.id",
        "file": PROOF,
        "device_id": seeds.device[0],
    }
    if case.operation.path.startswith(DESK):
        real |= seeds.desk.fields(case.operation.path, number)
    case.body = {name: real.get(name, value) for name, value in case.body.items()}
    return case
