"""Profiles: public ones, and one's own."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from pesan.checkout.callers import once
from pesan.db import Actor
from pesan.errors import InvalidInput
from pesan.idempotency.service import find_answer
from pesan.jastip.api.answers import addresses_of, own_trip, own_user, profile_answer
from pesan.jastip.api.bodies import ProfileChange
from pesan.jastip.api.cached import answer_public
from pesan.jastip.api.desks import NOT_YOURS, SIGNED_IN, Desk, DeskOf, NamedMerchant, open_desk
from pesan.jastip.api.forms import Sent, inspect, read_sent
from pesan.jastip.api.openapi import PICTURES_REFUSED, json_or_form
from pesan.jastip.api.schemas import OwnProfileAnswer, OwnUserAnswer, ProfileAnswer
from pesan.jastip.queries.profiles import get_profile, get_profile_version
from pesan.jastip.queries.ratings import rate
from pesan.jastip.queries.trips import list_products, list_shown_trips, list_trips
from pesan.jastip.service.profiles import amend_profile
from pesan.kit.i18n import Text
from pesan.storage import Kind, Storage
from pesan.storage.keys import names_file
from pesan.storage.stored import stored
from pesan.tenancy.errors import MerchantNotFound, SlugTaken
from pesan.web.access import Who, allow
from pesan.web.deps import get_database, get_registry
from pesan.web.errors import ValidationFailed
from pesan.web.idempotency import replay
from pesan.web.limits import limit
from pesan.web.openapi import BODY_REFUSALS, KEY, KEY_REFUSALS, described, refusals

FRESH_SECONDS = 300
_PICTURES = {"avatar": Kind.AVATAR, "coverImage": Kind.PROFILE_COVER}
_COLUMNS = {"profile_name": "name", "profile_bio": "bio", "avatar": "avatar_key", "cover_image": "cover_key"}
_NOT_OURS = Text(
    id="Gambar ini tidak ditemukan. Unggah lagi.", en="This picture was not found. Send it again."
)
public = APIRouter(prefix="/api/profile", tags=["jastip"], dependencies=[allow(Who.PUBLIC)])
own = APIRouter(prefix="/api/profile", tags=["jastip"], dependencies=[allow(Who.USER)])


@own.get(
    "/me",
    responses=refusals(*NOT_YOURS, ValidationFailed, MerchantNotFound),
    openapi_extra=described(security=SIGNED_IN),
)
async def get_me(desk: DeskOf, merchant_id: NamedMerchant = None) -> OwnProfileAnswer:
    """One's own profile with all trips; empty until the first one."""
    at, mine = addresses_of(desk.request), desk.own_merchant(merchant_id)
    async with desk.reading() as session:
        profile = await get_profile(session, mine) if mine else None
        trips = await list_trips(session, [merchant_id] if merchant_id else desk.merchant_ids)
    return OwnProfileAnswer(user=own_user(desk.person, profile, at), trips=[own_trip(view) for view in trips])


@own.patch(
    "/me",
    response_model=OwnUserAnswer,
    dependencies=[limit("profile", 30, 900)],
    responses=refusals(
        *BODY_REFUSALS,
        *KEY_REFUSALS,
        *NOT_YOURS,
        *PICTURES_REFUSED,
        ValidationFailed,
        MerchantNotFound,
        SlugTaken,
    ),
    openapi_extra=described(KEY, body=json_or_form(ProfileChange, _PICTURES), security=SIGNED_IN),
)
async def patch_me(desk: DeskOf, named: NamedMerchant = None) -> Response:
    """Change one's profile; whoever had an account only has one from now on."""
    async with read_sent(desk.request, ProfileChange, _PICTURES) as sent:
        if earlier := await find_answer(desk.database, desk.actor, sent.wanted):
            return replay(earlier)
        desk, merchant_id = await open_desk(desk, named)
        async with _said(desk, merchant_id, sent) as said, desk.writing() as session:

            async def make() -> OwnUserAnswer:
                await amend_profile(session, merchant_id, said=said, actor=desk.actor)
                profile = await get_profile(session, merchant_id)
                return OwnUserAnswer(user=own_user(desk.person, profile, addresses_of(desk.request)))

            return await once(session, sent.wanted, make)


@public.get("/{slug}", response_model=ProfileAnswer, responses=refusals(ValidationFailed, MerchantNotFound))
async def get_public_profile(request: Request, slug: str) -> Response:
    """A jastiper with their active trips and what can be ordered on them; cached for five minutes."""
    database, anybody = get_database(request), Actor.guest()
    async with database.read(anybody) as session:
        version = await get_profile_version(session, slug)

    async def make() -> ProfileAnswer:
        async with database.read(anybody) as session:
            profile = await get_profile(session, version.owner_id)
            trips = await list_shown_trips(session, version.owner_id)
            products = await list_products(session, [view.trip.event_id for view in trips])
            rating, _ = await rate(session, version.owner_id)
        return profile_answer(profile, trips, products, addresses_of(request), rating=rating)

    return await answer_public(request, version, make, seconds=FRESH_SECONDS)


@asynccontextmanager
async def _said(desk: Desk, merchant_id: UUID, sent: Sent[ProfileChange]) -> AsyncIterator[Mapping[str, Any]]:
    """What the request says by the names of the columns; pictures that came along are stored by then."""
    said: dict[str, Any] = {_COLUMNS[name]: value for name, value in sent.wish.said().items()}
    for column, kind in (("avatar_key", Kind.AVATAR), ("cover_key", Kind.PROFILE_COVER)):
        if said.get(column) is not None:
            said[column] = await _own_key(desk, merchant_id, kind, said[column])
    async with AsyncExitStack() as stack:
        for name, file in sent.files.items():
            key = await stack.enter_async_context(_stored(desk, merchant_id, file, _PICTURES[name]))
            said["avatar_key" if name == "avatar" else "cover_key"] = key
        yield said


@asynccontextmanager
async def _stored(desk: Desk, merchant_id: UUID, file: UploadFile, kind: Kind) -> AsyncIterator[str]:
    clean = await inspect(desk.request, file, kind)
    storage = get_registry(desk.request)[Storage]
    async with stored(storage, kind, clean, owner=str(merchant_id)) as key:
        yield key


async def _own_key(desk: Desk, merchant_id: UUID, kind: Kind, named: str) -> str:
    """The key of a picture that this merchant sent before; raises InvalidInput for anything else."""
    key = addresses_of(desk.request).key_of(named)
    is_own = key.startswith(f"{kind}/{merchant_id}/") and names_file(key)
    if not is_own or not await get_registry(desk.request)[Storage].exists(key):
        raise InvalidInput("avatar" if kind is Kind.AVATAR else "coverImage", _NOT_OURS)
    return key
