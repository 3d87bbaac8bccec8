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
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
)

from pesan.catalog.models import Event
from pesan.db import Actor
from pesan.gates.device_keys import DeviceKey
from pesan.gates.device_tokens import DeviceTokens
from pesan.gates.service.gates import make_gate
from pesan.gates.service.pairing import NewDevice, make_pairing, register_device
from pesan.gates.states import KeyKind
from pesan.identity.models import User
from pesan.kit.ids import new_id
from pesan.kit.signing import Signer
from pesan.orders.states import OrderState
from pesan.tickets.queries import list_tickets
from pesan.web.devices import DeviceClaims
from tests.payments.steps import BANK, QRIS, add_method
from tests.storage.files import encoded, picture
from tests.support.factories import PASSWORD, SYSTEM, Make
from tests.support.fulfilment import fulfil

load_all_checks()

EXAMPLES = 40
FEW = 10
HOLDS = 4 * EXAMPLES
# What a password, a provider's signature or a proof opens, and what never ends; tests of their own show it.
GUARDED = ("/api/auth/", "/v1/payments/webhook/", "/v1/gates/re", "/v1/gates/stream", "/v1/scans/{scan_id}/")
# What a device at a gate does, by its token.
GATES = ("/v1/gates/", "/v1/scan")
# What an organizer's programs do, signed in as staff.
STAFF = "/v1/statements/"
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
    assert {name for name in refused if not name.split()[1].startswith(GUARDED)} == set()


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
        if route.path.startswith(("/api/", "/v1/", "/.well-known/jwks"))
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
    # Signing in and pairing are used once as they are, and what a provider or a gate sends has an id of its own.
    keyless = {path for path in posts if path.startswith((*GUARDED, *GATES))}
    assert set(posts) - with_key - keyless == {"/api/verify/qr", "/v1/orders/quote"}  # read only
    opened = {path for path, op in posts.items() if "bookingCode" in str(op.get("security"))}
    assert opened == {path for path in posts if "{id}" in path}
    assert document["components"]["securitySchemes"]["bookingCode"]["name"] == "X-Booking-Code"


async def sow(make: Make, database, secret: bytes) -> Seeds:
    """Two events, one of them full, ways to pay, holds to move, and a booking in every state."""
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
        token = session.post(f"{url}/api/auth/login", json=seeds.staff).json()["token"]
        session.cookies.clear()
        for result in schema.get_all_operations():
            operation = result.ok()
            for mode in GenerationMode:
                opened = opening(operation.path, token, seeds)
                # What was broken by leaving the token out is whole again.
                is_whole = bool(opened) and operation.method == "get"
                is_broken = mode is GenerationMode.NEGATIVE and not is_whole
                extra = [negative_data_rejection] if is_broken else []
                send = Send(session, findings, operation.label, [*CHECKS, *extra], opened)
                examine_operation(operation, mode, seeds, send)
    return findings


def opening(path: str, staff_token: str, seeds: Seeds) -> dict[str, str]:
    """What lets a request in, where a token does."""
    if path.startswith(STAFF):
        return {"Authorization": f"Bearer {staff_token}"}
    is_device = path.startswith(GATES) and not path.startswith(GUARDED)
    return {"Authorization": f"Bearer {seeds.device[1]}"} if is_device else {}


@dataclass(frozen=True)
class Send:
    """Sends a case and notes what came back."""

    session: requests.Session
    findings: Findings
    label: str
    checks: list[Any]
    opened: dict[str, str]

    def __call__(self, case: Case) -> None:
        response = case.call(session=self.session, timeout=30, headers=self.opened)
        self.session.cookies.clear()
        self.findings.statuses[self.label].add(response.status_code)
        named = case.operation.definition.raw["responses"]
        if str(response.status_code) not in named and case.method.upper() == self.label.split()[0]:
            self._note(case, response, "status is not named")
        try:
            case.validate_response(response, checks=self.checks)
        except schemathesis.core.failures.FailureGroup as group:
            for failure in group.exceptions:
                self._note(case, response, str(failure))

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
        max_examples=FEW if operation.path.startswith(GUARDED) else EXAMPLES,
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
    if "code" in names:
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
    case.body = {name: real.get(name, value) for name, value in case.body.items()}
    return case
