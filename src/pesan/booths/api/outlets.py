"""Outlets, their hours and booths, and the times that can be booked there."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from pesan.booths.api.desks import DeskOf
from pesan.booths.api.schemas import (
    BoothChange,
    BoothPart,
    BoothRequest,
    Day,
    HoursPart,
    OutletAnswer,
    OutletChange,
    OutletRequest,
    OutletsAnswer,
    SlotPart,
    SlotsAnswer,
)
from pesan.booths.errors import BoothNameTaken, BoothNotFound, OutletBusy, OutletNotFound, TooManyBooths
from pesan.booths.models import Booth
from pesan.booths.queries.availability import list_offers
from pesan.booths.queries.outlets import (
    OutletView,
    get_booth,
    get_outlet,
    list_booths_of,
    list_hours_of,
    list_outlets_of,
)
from pesan.booths.service import (
    OutletDraft,
    add_booth,
    amend_outlet,
    archive_outlet,
    close_booth,
    create_outlet,
    rename_booth,
    reopen_booth,
    restore_outlet,
    set_hours,
)
from pesan.booths.slots import Opening
from pesan.db import Actor, ReadSession, WriteSession
from pesan.errors import Forbidden, PesanError
from pesan.identity.policies import may_review
from pesan.web.access import Who, allow
from pesan.web.deps import get_database, guest_actor
from pesan.web.errors import FactorNeeded, SignInNeeded, ValidationFailed
from pesan.web.json_bodies import read_json
from pesan.web.openapi import BODY_REFUSALS, KEY, KEY_REFUSALS, described, json_of, refusals

staff = APIRouter(prefix="/outlets", tags=["booths"], dependencies=[allow(Who.STAFF)])
super_admins = APIRouter(prefix="/outlets", tags=["booths"], dependencies=[allow(Who.ORGANIZER)])
customers = APIRouter(prefix="/outlets", tags=["booths"], dependencies=[allow(Who.PUBLIC)])
SIGNED_IN: list[dict[str, list[str]]] = [{"bearerToken": []}, {"staffSession": []}]
NOT_YOURS: tuple[type[PesanError], ...] = (SignInNeeded, FactorNeeded, Forbidden, OutletNotFound)
_CHANGES = (*BODY_REFUSALS, *KEY_REFUSALS, *NOT_YOURS, ValidationFailed)


@staff.get("", responses=refusals(*NOT_YOURS, ValidationFailed), openapi_extra=described(security=SIGNED_IN))
async def get_outlets(
    desk: DeskOf, merchant_id: UUID | None = None, *, archived: bool = False
) -> OutletsAnswer:
    """The outlets that the asker works at."""
    chosen = desk.merchant(merchant_id, may_review)
    async with desk.reading() as session:
        views = await list_outlets_of(session, chosen, with_archived=archived)
        return OutletsAnswer(items=await _answers(session, views))


@super_admins.post(
    "",
    status_code=201,
    response_model=OutletAnswer,
    responses=refusals(*_CHANGES),
    openapi_extra=described(KEY, body=json_of(OutletRequest), security=SIGNED_IN),
)
async def post_outlet(desk: DeskOf) -> Response:
    """A new outlet, whose booths are added next."""
    wish = await read_json(desk.request, OutletRequest)
    chosen = desk.merchant(wish.merchant_id)
    draft = OutletDraft(**wish.model_dump(exclude={"merchant_id", "hours"}))
    async with desk.writing() as session:

        async def make() -> OutletAnswer:
            outlet = await create_outlet(session, merchant_id=chosen, draft=draft, actor=desk.actor)
            await set_hours(session, outlet.event_id, hours=_hours(wish.hours), actor=desk.actor)
            return await _answer(session, outlet.event_id)

        return await desk.once(session, make, status=201)


@super_admins.patch(
    "/{outlet_id}",
    response_model=OutletAnswer,
    responses=refusals(*_CHANGES, OutletBusy),
    openapi_extra=described(KEY, body=json_of(OutletChange), security=SIGNED_IN),
)
async def patch_outlet(desk: DeskOf, outlet_id: UUID) -> Response:
    """Change an outlet, close or archive it; what is booked stays."""
    wish = await read_json(desk.request, OutletChange)
    async with desk.writing() as session:
        await desk.outlet(session, outlet_id)

        async def make() -> OutletAnswer:
            await _change(session, outlet_id, wish, desk.actor)
            return await _answer(session, outlet_id)

        response = await desk.once(session, make)
    desk.hint([outlet_id])
    return response


@super_admins.post(
    "/{outlet_id}/booths",
    status_code=201,
    response_model=BoothPart,
    responses=refusals(*_CHANGES, BoothNameTaken, TooManyBooths),
    openapi_extra=described(KEY, body=json_of(BoothRequest), security=SIGNED_IN),
)
async def post_booth(desk: DeskOf, outlet_id: UUID) -> Response:
    """Another booth, which can be booked at once."""
    wish = await read_json(desk.request, BoothRequest)
    async with desk.writing() as session:
        await desk.outlet(session, outlet_id)

        async def make() -> BoothPart:
            return _booth(await add_booth(session, outlet_id, name=wish.name, actor=desk.actor))

        response = await desk.once(session, make, status=201)
    desk.hint([outlet_id])
    return response


@super_admins.patch(
    "/{outlet_id}/booths/{booth_id}",
    response_model=BoothPart,
    responses=refusals(*_CHANGES, BoothNotFound, BoothNameTaken),
    openapi_extra=described(KEY, body=json_of(BoothChange), security=SIGNED_IN),
)
async def patch_booth(desk: DeskOf, outlet_id: UUID, booth_id: UUID) -> Response:
    """Call a booth something else, take it out of the sale or put it back."""
    wish = await read_json(desk.request, BoothChange)
    async with desk.writing() as session:
        await desk.outlet(session, outlet_id)

        async def make() -> BoothPart:
            await _change_booth(session, outlet_id, booth_id, wish, desk.actor)
            return _booth(await get_booth(session, outlet_id, booth_id))

        response = await desk.once(session, make)
    desk.hint([outlet_id])
    return response


@customers.get("/{outlet_id}/slots", responses=refusals(OutletNotFound, ValidationFailed))
async def get_slots(request: Request, outlet_id: UUID, day: Day) -> SlotsAnswer:
    """The times of a day by the outlet's clocks, taken ones too, for whoever wants to book one."""
    async with get_database(request).read(guest_actor(request)) as session:
        offers = await list_offers(session, await get_outlet(session, outlet_id), day)
    parts = [
        SlotPart(
            booking_time=offer.span.starts_at,
            end_time=offer.span.ends_at,
            booth_ids=[booth.id for booth in offer.booths],
        )
        for offer in offers
    ]
    return SlotsAnswer(items=parts)


async def _change(session: WriteSession, outlet_id: UUID, wish: OutletChange, actor: Actor) -> None:
    # First what locks the outlet's pool: each of these tells the feed, and whoever books locks the pool before that.
    if wish.is_archived is not None:
        set_archived = archive_outlet if wish.is_archived else restore_outlet
        await set_archived(session, outlet_id, actor=actor)
    if said := wish.model_dump(exclude={"is_archived", "hours"}, exclude_none=True):
        await amend_outlet(session, outlet_id, said=said, actor=actor)
    if wish.hours is not None:
        await set_hours(session, outlet_id, hours=_hours(wish.hours), actor=actor)


async def _change_booth(
    session: WriteSession, outlet_id: UUID, booth_id: UUID, wish: BoothChange, actor: Actor
) -> None:
    await get_booth(session, outlet_id, booth_id)
    if wish.name is not None:
        await rename_booth(session, outlet_id, booth_id, name=wish.name, actor=actor)
    if wish.is_closed is not None:
        set_closed = close_booth if wish.is_closed else reopen_booth
        await set_closed(session, outlet_id, booth_id, actor=actor)


async def _answer(session: ReadSession, outlet_id: UUID) -> OutletAnswer:
    (answer,) = await _answers(session, [await get_outlet(session, outlet_id)])
    return answer


async def _answers(session: ReadSession, views: Sequence[OutletView]) -> list[OutletAnswer]:
    ids = [view.outlet.event_id for view in views]
    booths, hours = await list_booths_of(session, ids), await list_hours_of(session, ids)
    return [
        OutletAnswer(
            **_facts(view),
            hours=[
                HoursPart(weekday=each.weekday, opens=each.opens, closes=each.closes)
                for each in hours.get(view.outlet.event_id, ())
            ],
            booths=[_booth(booth) for booth in booths.get(view.outlet.event_id, ())],
        )
        for view in views
    ]


def _facts(view: OutletView) -> dict[str, Any]:
    outlet, event = view.outlet, view.event
    names = ("merchant_id", "name", "location", "zone", "reschedule_minutes", "is_archived")
    own = {name: getattr(outlet, name) for name in names}
    price = {"price_amount": event.price_amount, "currency": event.currency}
    return {"id": outlet.event_id, "is_open": view.is_open, **own, **price}


def _hours(parts: Sequence[HoursPart]) -> list[Opening]:
    return [Opening(part.weekday, part.opens, part.closes) for part in parts]


def _booth(booth: Booth) -> BoothPart:
    return BoothPart(id=booth.id, name=booth.name, is_closed=booth.is_closed)
