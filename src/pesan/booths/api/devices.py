"""A booth screen's own routes: joining, staying, and what it shows."""

from uuid import UUID

from fastapi import APIRouter, Request

from pesan.booths.api.auth import AS_BOOTH, BOOTH, NOT_LIVE, BoothOf, limit_booth
from pesan.booths.api.device_schemas import (
    BeatAnswer,
    BeatRequest,
    BoothAnswer,
    NowAnswer,
    OutletAnswer,
    RegisteredAnswer,
    RegisterRequest,
    ScreenSession,
    TokenAnswer,
    TokenRequest,
)
from pesan.booths.errors import BoothNotFound
from pesan.booths.models import Booth, Outlet
from pesan.booths.screens.errors import (
    PairingOver,
    RenewalRefused,
    ScreenKeyInvalid,
    ScreenOver,
    ScreenRevoked,
)
from pesan.booths.screens.now import Seen, get_now
from pesan.booths.screens.queries import require_live
from pesan.booths.screens.service import find_maker, note_beat, register_device, renew
from pesan.booths.screens.tenure import actor_of, require_tenure
from pesan.booths.screens.tokens import BoothTokens
from pesan.identity.devices.keys import DeviceKey, Proof
from pesan.identity.devices.pairing import NewDevice
from pesan.kit.names import mask_name
from pesan.kit.registry import Registry
from pesan.settings import Settings
from pesan.web.access import Who, allow
from pesan.web.context import name_merchant
from pesan.web.deps import get_database, get_registry
from pesan.web.devices import BoothClaims, BoothDevices
from pesan.web.errors import BoothTokenInvalid, ValidationFailed
from pesan.web.json_bodies import read_json
from pesan.web.limits import limit, limit_misses
from pesan.web.openapi import BODY_REFUSALS, described, json_of, refusals

_PATH = "/booth"
joining = APIRouter(prefix=_PATH, tags=["booths"], dependencies=[allow(Who.PUBLIC)])
router = APIRouter(prefix=_PATH, tags=["booths"], dependencies=[BOOTH])


@joining.post(
    "/register",
    status_code=201,
    response_model=RegisteredAnswer,
    dependencies=[limit("booth-register", 60, 3600), limit_misses("booth-pairing", 20, 900)],
    responses=refusals(*BODY_REFUSALS, ValidationFailed, PairingOver, ScreenKeyInvalid),
    openapi_extra=described(body=json_of(RegisterRequest)),
)
async def register(request: Request) -> RegisteredAnswer:
    """Join a booth by the code that its staff show. Nobody signs in on a screen that customers touch."""
    wish = await read_json(request, RegisterRequest)
    key = DeviceKey(wish.key_kind, wish.public_key)
    if not key.is_usable:
        raise ScreenKeyInvalid
    registry, database = get_registry(request), get_database(request)
    secret = registry[Settings].secret
    actor = await find_maker(database, secret, wish.code)
    new = NewDevice(wish.name, key, wish.app_version)
    async with database.write(actor) as session:
        device, booth = await register_device(session, secret, code=wish.code, new=new, actor=actor)
        outlet = await session.get_one(Outlet, booth.event_id)
    name_merchant(request, booth.merchant_id)
    made = _tokens(registry).make(BoothClaims(device.id, booth.event_id, booth.id, booth.merchant_id))
    return RegisteredAnswer(
        device_id=device.id,
        token=made.text,
        expires_at=made.expires_at,
        booth=_booth(booth),
        outlet=_outlet(outlet),
        server_time=device.registered_at,
    )


@joining.post(
    "/token",
    response_model=TokenAnswer,
    dependencies=[limit("booth-token", 600, 900)],
    responses=refusals(
        *BODY_REFUSALS, ValidationFailed, BoothTokenInvalid, ScreenRevoked, ScreenOver, RenewalRefused
    ),
    openapi_extra=described(body=json_of(TokenRequest)),
)
async def renew_token(request: Request) -> TokenAnswer:
    """The next token, for the last one and a proof of the screen's key; each proof serves once."""
    wish = await read_json(request, TokenRequest)
    tokens = _tokens(get_registry(request))
    claims = tokens.read_for_renewal(wish.token)
    if claims is None:
        raise BoothTokenInvalid
    database = get_database(request)
    await require_tenure(database, claims)
    async with database.write(actor_of(claims)) as session:
        now = await renew(session, claims, Proof(wish.at_ms, wish.signature))
    made = tokens.make(claims)
    return TokenAnswer(token=made.text, expires_at=made.expires_at, server_time=now)


@router.post(
    "/beat",
    response_model=BeatAnswer,
    dependencies=[limit_booth("booth-beat", 30, 60)],
    responses=refusals(*BODY_REFUSALS, *NOT_LIVE, ValidationFailed),
    openapi_extra=described(body=json_of(BeatRequest), security=AS_BOOTH),
)
async def beat(request: Request, device: BoothOf) -> BeatAnswer:
    """Say how the screen is."""
    said = await read_json(request, BeatRequest)
    async with get_database(request).write(actor_of(device)) as session:
        stand = await require_live(session, device)
        now = await note_beat(session, device.device_id, battery=said.battery, app_version=said.app_version)
    return BeatAnswer(name=stand.device, server_time=now)


@router.get(
    "/{booth_id}/now",
    dependencies=[limit_booth("booth-now", 240, 60)],
    responses=refusals(*NOT_LIVE, BoothNotFound, ValidationFailed),
    openapi_extra=described(security=AS_BOOTH),
)
async def show_now(request: Request, booth_id: UUID, device: BoothOf) -> NowAnswer:
    """The session that runs at the screen's own booth or waits to begin, and the one after it."""
    if device.booth_id != booth_id:
        raise BoothNotFound
    async with get_database(request).read(actor_of(device)) as session:
        stand = await require_live(session, device)
        now = await get_now(session, booth_id)
    return NowAnswer(
        booth=_booth(stand.booth),
        outlet=_outlet(stand.outlet),
        current=_session(now.current) if now.current else None,
        next=_session(now.next) if now.next else None,
        server_time=now.at,
    )


def _session(seen: Seen) -> ScreenSession:
    row = seen.session
    return ScreenSession(
        id=row.id,
        state=seen.state,
        customer=mask_name(seen.customer_name.split(" ")[0]),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        duration_minutes=row.duration_minutes,
        arrive_until=row.arrive_until,
        started_at=row.started_at,
        due_at=row.due_at,
    )


def _booth(booth: Booth) -> BoothAnswer:
    return BoothAnswer(id=booth.id, name=booth.name, is_closed=booth.is_closed)


def _outlet(outlet: Outlet) -> OutletAnswer:
    return OutletAnswer(id=outlet.event_id, name=outlet.name, location=outlet.location, timezone=outlet.zone)


def _tokens(registry: Registry) -> BoothTokens:
    tokens = registry[BoothDevices]
    assert isinstance(tokens, BoothTokens)
    return tokens
