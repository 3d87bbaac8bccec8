"""A device's own routes: joining, staying, and what it needs to scan without a network."""

from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from pesan.catalog.models import Event
from pesan.catalog.zones import zone_of
from pesan.db import ReadSession
from pesan.errors import Forbidden
from pesan.gates.api.auth import AS_DEVICE, DEVICE, IN_OFFICE, NOT_LIVE, DeviceOf, limit_device
from pesan.gates.device_tokens import DeviceTokens
from pesan.gates.errors import (
    DeviceKeyInvalid,
    DeviceOver,
    DeviceRevoked,
    GateClosed,
    GateShut,
    PairingOver,
    RenewalRefused,
)
from pesan.gates.glances import Glances
from pesan.gates.models import Gate, GateDevice
from pesan.gates.policies import may_register
from pesan.gates.queries import (
    MIN_NAME,
    Change,
    Figures,
    Post,
    get_rules,
    get_seq,
    list_changes,
    list_found,
    require_live,
)
from pesan.gates.schemas import (
    MAX_CHANGES,
    BeatAnswer,
    BeatRequest,
    ChangeAnswer,
    ChangesAnswer,
    CountersAnswer,
    EventAnswer,
    FoundTicket,
    FoundTickets,
    GateAnswer,
    MerchantAnswer,
    RegisteredAnswer,
    RegisterRequest,
    RenewedAnswer,
    RenewRequest,
    RulesAnswer,
)
from pesan.gates.service.devices import Beat, note_beat, renew
from pesan.gates.service.pairing import register_device
from pesan.gates.tenure import require_tenure
from pesan.gates.topics import topic_of
from pesan.gates.verdict import Rules
from pesan.identity.devices.keys import DeviceKey, Proof, millis
from pesan.identity.devices.pairing import NewDevice
from pesan.identity.policies import SignedIn
from pesan.kit.registry import Registry
from pesan.realtime import Hub
from pesan.realtime.errors import StreamsBusy
from pesan.realtime.gate import StreamGate
from pesan.realtime.sse import Snapshot, stream
from pesan.settings import Settings
from pesan.tenancy.models import Merchant
from pesan.web.access import Who, allow
from pesan.web.context import name_merchant
from pesan.web.deps import find_person, get_database, get_registry, ip_digest
from pesan.web.devices import DeviceClaims, Devices
from pesan.web.errors import DeviceTokenInvalid, FactorNeeded, SignInNeeded, ValidationFailed
from pesan.web.json_bodies import read_json
from pesan.web.limits import limit, limit_misses
from pesan.web.openapi import BODY_REFUSALS, described, json_of, refusals

_PATH = "/v1/gates"
joining = APIRouter(prefix=_PATH, tags=["gates"], dependencies=[allow(Who.STAFF)])
renewing = APIRouter(prefix=_PATH, tags=["gates"], dependencies=[allow(Who.PUBLIC)])
router = APIRouter(prefix=_PATH, tags=["gates"], dependencies=[DEVICE])

_SIGNED_IN: list[dict[str, list[str]]] = [{"staffSession": []}, {"bearerToken": []}]
_SSE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "An event `changed` whenever `changes` has something new, `gone` when the device was revoked or"
        " its gate closed.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}
_GONE = Snapshot("gone", "{}", event="gone", is_final=True)
After = Annotated[int, Query(ge=0, le=1 << 53, description="The last `seq` that the device knows.")]
Words = Annotated[str, Query(min_length=MIN_NAME, max_length=60)]


@joining.post(
    "/register",
    status_code=201,
    response_model=RegisteredAnswer,
    dependencies=[limit("gate-register", 60, 3600), limit_misses("gate-pairing", 20, 900)],
    responses=refusals(
        *BODY_REFUSALS,
        SignInNeeded,
        Forbidden,
        FactorNeeded,
        ValidationFailed,
        PairingOver,
        GateClosed,
        DeviceKeyInvalid,
    ),
    openapi_extra=described(body=json_of(RegisterRequest), security=_SIGNED_IN),
)
async def register(request: Request) -> RegisteredAnswer:
    """Join a gate by the code that its organizer shows; for staff of the event who passed a second factor."""
    person = await find_person(request)
    if not isinstance(person, SignedIn):
        raise SignInNeeded
    if not may_register(person):
        raise FactorNeeded
    wish = await read_json(request, RegisterRequest)
    key = DeviceKey(wish.key_kind, wish.public_key)
    if not key.is_usable:
        raise DeviceKeyInvalid
    registry, actor = get_registry(request), person.to_actor(ip_digest=ip_digest(request))
    new = NewDevice(wish.name, key, wish.app_version)
    async with get_database(request).write(actor) as session:
        secret = registry[Settings].secret
        device, gate = await register_device(session, secret, code=wish.code, new=new, actor=actor)
        event = await session.get_one(Event, gate.event_id)
        merchant = await session.get_one(Merchant, gate.merchant_id)
    name_merchant(request, merchant.id)
    registry[Hub].hint(topic_of(gate.event_id))
    return _registered(registry, device, gate, event, merchant)


@renewing.post(
    "/renew",
    response_model=RenewedAnswer,
    dependencies=[limit("gate-renew", 300, 900)],
    responses=refusals(*BODY_REFUSALS, *NOT_LIVE, ValidationFailed, DeviceOver, RenewalRefused),
    openapi_extra=described(body=json_of(RenewRequest)),
)
async def renew_token(request: Request) -> RenewedAnswer:
    """The next token, for the last one and a proof of the device's key; each proof serves once."""
    wish = await read_json(request, RenewRequest)
    tokens = _tokens(get_registry(request))
    claims = tokens.read_for_renewal(wish.token)
    if claims is None:
        raise DeviceTokenInvalid
    database = get_database(request)
    await require_tenure(database, claims)
    async with database.gate(claims.event_id) as session:
        told, now = await renew(session, claims, Proof(wish.at_ms, wish.signature))
    made = tokens.make(told)
    return RenewedAnswer(token=made.text, expires_at=made.expires_at, server_time=now)


@router.post(
    "/beat",
    response_model=BeatAnswer,
    responses=refusals(*BODY_REFUSALS, *NOT_LIVE, ValidationFailed),
    openapi_extra=described(body=json_of(BeatRequest), security=AS_DEVICE),
)
async def beat(request: Request, device: DeviceOf) -> BeatAnswer:
    """Say how the device is, and hear what changed."""
    said = await read_json(request, BeatRequest)
    glances, event_id = get_registry(request)[Glances], device.event_id
    ring = await glances.ring(device.merchant_id)
    async with get_database(request).gate(event_id) as session:
        post = await require_live(session, device)
        known = Beat(said.queue_length, said.app_version, said.device_at_ms, said.battery)
        now = await note_beat(session, device.device_id, known)
        seq, changes, is_more = await get_seq(session, event_id), list[Change](), False
        if said.after is not None:
            seq, changes, is_more = await _hear(session, device, said.after)
        return BeatAnswer(
            seq=seq,
            changes=[_change(change) for change in changes],
            is_more=is_more,
            counters=_counters(await glances.figures(session, event_id)),
            roster_version=await glances.version(session, event_id, ring),
            server_time_ms=millis(now),
            rules=_rules(await get_rules(session, event_id)),
            name=post.device,
            gate=_gate(post),
        )


@router.get(
    "/changes", responses=refusals(*NOT_LIVE, ValidationFailed), openapi_extra=described(security=AS_DEVICE)
)
async def get_changes(request: Request, device: DeviceOf, after: After = 0) -> ChangesAnswer:
    """Which tickets were scanned since change number `after`, by whichever device."""
    glances, event_id = get_registry(request)[Glances], device.event_id
    ring = await glances.ring(device.merchant_id)
    async with get_database(request).gate(event_id) as session:
        await require_live(session, device)
        seq, changes, is_more = await _hear(session, device, after)
        return ChangesAnswer(
            seq=seq,
            changes=[_change(change) for change in changes],
            is_more=is_more,
            counters=_counters(await glances.figures(session, event_id)),
            roster_version=await glances.version(session, event_id, ring),
        )


@router.get(
    "/stream",
    response_class=Response,
    responses={**refusals(*NOT_LIVE, StreamsBusy), **_SSE},
    openapi_extra=described(security=AS_DEVICE),
)
async def stream_changes(request: Request, device: DeviceOf) -> Response:
    """Says when something changed at the event's gates; the device then asks for the changes."""
    database = get_database(request)
    async with database.gate(device.event_id) as session:
        await require_live(session, device)
    return await stream(
        get_registry(request)[Hub],
        get_registry(request)[StreamGate],
        topics=[topic_of(device.event_id)],
        # Twenty devices of one gate come from one address.
        peer=f"device:{device.device_id}",
        fetch=partial(_snapshot, database, device),
        last_event_id=request.headers.get("last-event-id"),
    )


@router.get(
    "/tickets",
    dependencies=[limit_device("gate-search", 120, 60), IN_OFFICE],
    responses=refusals(*NOT_LIVE, DeviceOver, ValidationFailed),
    openapi_extra=described(security=AS_DEVICE),
)
async def find_tickets(request: Request, device: DeviceOf, q: Words) -> FoundTickets:
    """Tickets by a part of the holder's name or the last four of a code, for whoever's code cannot be read."""
    async with get_database(request).gate(device.event_id) as session:
        await require_live(session, device)
        found = await list_found(session, device.event_id, q.strip())
    return FoundTickets(tickets=[FoundTicket(**asdict(each)) for each in found])


async def _hear(session: ReadSession, device: DeviceClaims, after: int) -> tuple[int, list[Change], bool]:
    return await list_changes(
        session, device.event_id, device_id=device.device_id, after=after, limit=MAX_CHANGES
    )


async def _snapshot(database: Any, device: DeviceClaims) -> Snapshot:
    """The number of the last change; a device that may scan no more hears so, and nothing else."""
    try:
        async with database.gate(device.event_id) as session:
            await require_live(session, device)
            return Snapshot(str(await get_seq(session, device.event_id)), "{}", event="changed")
    except (DeviceRevoked, GateShut):
        return _GONE


def _registered(
    registry: Registry, device: GateDevice, gate: Gate, event: Event, merchant: Merchant
) -> RegisteredAnswer:
    made = _tokens(registry).make(DeviceClaims(device.id, event.id, gate.id, merchant.id))
    return RegisteredAnswer(
        device_id=device.id,
        token=made.text,
        expires_at=made.expires_at,
        event_id=event.id,
        gate=GateAnswer(id=gate.id, name=gate.name, location=gate.location),
        event=EventAnswer(
            id=event.id,
            title=event.title,
            starts_at=event.starts_at,
            ends_at=event.ends_at,
            timezone=zone_of(event, merchant),
        ),
        merchant=MerchantAnswer(name=merchant.name),
        server_time=device.registered_at,
    )


def _tokens(registry: Registry) -> DeviceTokens:
    tokens = registry[Devices]
    assert isinstance(tokens, DeviceTokens)
    return tokens


def _change(change: Change) -> ChangeAnswer:
    return ChangeAnswer(**asdict(change))


def _counters(figures: Figures) -> CountersAnswer:
    return CountersAnswer(**asdict(figures))


def _rules(rules: Rules) -> RulesAnswer:
    return RulesAnswer(**asdict(rules))


def _gate(post: Post) -> GateAnswer:
    return GateAnswer(id=post.gate_id, name=post.gate, location=post.location)
