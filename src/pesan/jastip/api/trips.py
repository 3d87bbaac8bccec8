"""Trips of whoever is signed in: planned, read, changed, deleted."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from pesan.checkout.callers import once
from pesan.db import ReadSession
from pesan.errors import InvalidInput
from pesan.idempotency.service import find_answer
from pesan.jastip.api.answers import addresses_of, own_trip, participant_part, product_part
from pesan.jastip.api.bodies import TripChange, TripRequest
from pesan.jastip.api.desks import NOT_YOURS, SIGNED_IN, DeskOf, NamedMerchant, open_desk
from pesan.jastip.api.schemas import MessageAnswer, TripAnswer, TripsAnswer, WholeTripAnswer, WholeTripPart
from pesan.jastip.errors import TripBusy, TripNotFound, TripSlugTaken
from pesan.jastip.queries.people import list_participants
from pesan.jastip.queries.trips import get_trip, list_products, list_trips
from pesan.jastip.service.trips import TripDraft, amend_trip, create_trip, delete_trip
from pesan.tenancy.errors import MerchantNotFound, SlugTaken
from pesan.web.access import Who, allow
from pesan.web.errors import ValidationFailed
from pesan.web.idempotency import read_key, replay
from pesan.web.json_bodies import read_json
from pesan.web.limits import limit
from pesan.web.openapi import BODY_REFUSALS, KEY, KEY_REFUSALS, described, json_of, refusals

router = APIRouter(prefix="/api/trips", tags=["jastip"], dependencies=[allow(Who.USER)])
_OWN = (*NOT_YOURS, ValidationFailed, TripNotFound)
_CHANGES = (*BODY_REFUSALS, *KEY_REFUSALS, *_OWN, InvalidInput, TripSlugTaken)


@router.post(
    "",
    status_code=201,
    response_model=TripAnswer,
    dependencies=[limit("trips", 30, 3600)],
    responses=refusals(*_CHANGES, MerchantNotFound, SlugTaken),
    openapi_extra=described(KEY, body=json_of(TripRequest), security=SIGNED_IN),
)
async def post_trip(desk: DeskOf, named: NamedMerchant = None) -> Response:
    """A new trip; whoever had an account only is a jastiper from now on, at an address out of their name."""
    wish, wanted = await read_json(desk.request, TripRequest), await read_key(desk.request)
    if earlier := await find_answer(desk.database, desk.actor, wanted):
        return replay(earlier)
    desk, merchant_id = await open_desk(desk, named)
    async with desk.writing() as session:

        async def make() -> TripAnswer:
            draft = TripDraft(**wish.model_dump())
            trip = await create_trip(session, merchant_id=merchant_id, draft=draft, actor=desk.actor)
            return await _answer(session, trip.event_id)

        return await once(session, wanted, make, status=201)


@router.get("", responses=refusals(*NOT_YOURS, ValidationFailed), openapi_extra=described(security=SIGNED_IN))
async def get_trips(
    desk: DeskOf, which: Annotated[Literal["active"] | None, Query(alias="filter")] = None
) -> TripsAnswer:
    """One's own trips, the latest first; with `filter=active` those that the profile shows."""
    async with desk.reading() as session:
        views = await list_trips(session, desk.merchant_ids, is_active=True if which else None)
    return TripsAnswer(trips=[own_trip(view) for view in views])


@router.get("/{trip_id}", responses=refusals(*_OWN), openapi_extra=described(security=SIGNED_IN))
async def get_one_trip(desk: DeskOf, trip_id: UUID) -> WholeTripAnswer:
    """A trip with its products and people; more than a hundred people are paged at `…/participants`."""
    async with desk.reading() as session:
        view = await desk.trip(session, trip_id)
        people = await list_participants(session, trip_id, limit=100)
        products = await list_products(session, [trip_id], with_discontinued=True)
    at = addresses_of(desk.request)
    return WholeTripAnswer(
        trip=WholeTripPart(
            **own_trip(view).model_dump(),
            participants=[participant_part(person) for person in people.items],
            products=[product_part(each, at) for each in products],
        )
    )


@router.patch(
    "/{trip_id}",
    response_model=TripAnswer,
    responses=refusals(*_CHANGES),
    openapi_extra=described(KEY, body=json_of(TripChange), security=SIGNED_IN),
)
async def patch_trip(desk: DeskOf, trip_id: UUID) -> Response:
    """Change a trip, show it in the profile or close it; orders that exist stay."""
    wish = await read_json(desk.request, TripChange)
    async with desk.writing() as session:
        await desk.trip(session, trip_id)

        async def make() -> TripAnswer:
            await amend_trip(session, trip_id, said=wish.said(), actor=desk.actor)
            return await _answer(session, trip_id)

        return await desk.once(session, make)


@router.delete("/{trip_id}", responses=refusals(*_OWN, TripBusy), openapi_extra=described(security=SIGNED_IN))
async def remove_trip(desk: DeskOf, trip_id: UUID) -> MessageAnswer:
    """Take a trip away; while orders of it are not finished it can only be closed."""
    async with desk.writing() as session:
        await desk.trip(session, trip_id)
        await delete_trip(session, trip_id, actor=desk.actor)
    return MessageAnswer(message="Trip deleted")


async def _answer(session: ReadSession, trip_id: UUID) -> TripAnswer:
    return TripAnswer(trip=own_trip(await get_trip(session, trip_id)))
