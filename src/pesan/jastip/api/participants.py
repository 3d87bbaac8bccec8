"""People who take part: joining, listed for the trip's owner, leaving."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from pesan.checkout.callers import once
from pesan.db import Actor, ReadSession
from pesan.idempotency.service import find_answer
from pesan.identity.policies import SignedIn
from pesan.jastip.api.answers import participant_facts, participant_part
from pesan.jastip.api.bodies import JoinRequest
from pesan.jastip.api.desks import NOT_YOURS, SIGNED_IN, DeskOf
from pesan.jastip.api.openapi import PARTICIPANT_TOKEN
from pesan.jastip.api.schemas import (
    BriefOrderPart,
    JoinAnswer,
    ListedParticipantPart,
    MessageAnswer,
    ParticipantsAnswer,
)
from pesan.jastip.asking import join_text
from pesan.jastip.errors import AlreadyJoined, ParticipantNotFound, TripClosed, TripNotFound
from pesan.jastip.guests import guest_of_trips, somebody
from pesan.jastip.models import Participant
from pesan.jastip.policies import may_run_trip
from pesan.jastip.queries.orders import Placed, list_placed_by
from pesan.jastip.queries.people import list_participants
from pesan.jastip.queries.trips import TripView, get_trip
from pesan.jastip.service.orders import get_participant
from pesan.jastip.service.participants import Joiner, add_participant, unsubscribe
from pesan.jastip.states import STATUSES, JoinState
from pesan.kit.ids import new_id
from pesan.kit.pagination import BadCursor
from pesan.messaging.whatsapp.links import chat_url
from pesan.settings import Settings
from pesan.web.access import Who, allow
from pesan.web.context import context_of, name_merchant
from pesan.web.cursors import bad_cursor
from pesan.web.deps import find_person, get_database, get_locale, get_registry, ip_digest
from pesan.web.errors import ValidationFailed
from pesan.web.idempotency import read_key, replay
from pesan.web.json_bodies import read_json
from pesan.web.limits import Limiter
from pesan.web.limits.policies import Policy
from pesan.web.openapi import BODY_REFUSALS, KEY, KEY_REFUSALS, described, json_of, refusals

MOST = 100
# Of one peer, and of one number: whoever tries numbers learns little, and nobody's number is used up by others soon.
JOIN = Policy("join", 10, 900)
JOIN_NUMBER = Policy("join-number", 5, 3600)
joining = APIRouter(prefix="/api/trips/{trip_id}", tags=["jastip"], dependencies=[allow(Who.PUBLIC)])
of_trip = APIRouter(prefix="/api/trips/{trip_id}", tags=["jastip"], dependencies=[allow(Who.USER)])
leaving = APIRouter(prefix="/api/participants", tags=["jastip"], dependencies=[allow(Who.PUBLIC)])


@joining.post(
    "/join",
    status_code=201,
    response_model=JoinAnswer,
    responses=refusals(
        *BODY_REFUSALS, *KEY_REFUSALS, ValidationFailed, TripNotFound, TripClosed, AlreadyJoined
    ),
    openapi_extra=described(KEY, body=json_of(JoinRequest)),
)
async def post_join(request: Request, trip_id: UUID) -> Response:
    """Join a trip on a page, which counts when `waUrl` was sent; or add somebody to a trip of one's own."""
    wish, wanted = await read_json(request, JoinRequest), await read_key(request)
    new, database = new_id(), get_database(request)
    owner = await _find_owner(request, trip_id)
    actor = owner or replace(guest_of_trips(request), participant_ids=(new,))
    if earlier := await find_answer(database, actor, wanted):
        return replay(earlier)
    if owner is None:
        await _limit(request, wish.phone)
    async with database.write(actor) as session:
        trip = await get_trip(session, trip_id)
        wa_url = _wa_url(request, trip, wish)

        async def make() -> JoinAnswer:
            joiner = Joiner(wish.name, wish.phone, None, get_locale(request), wish.referral_code, new)
            state = JoinState.JOINED if owner else JoinState.PENDING
            try:
                person = await add_participant(session, trip, joiner, state=state, actor=actor)
            except AlreadyJoined as refusal:
                # Nothing of whoever it is; the chat shows whose number it is.
                raise AlreadyJoined(extra={"waUrl": wa_url}) from refusal
            await session.refresh(person)
            return JoinAnswer(participant=participant_part(person), wa_url=None if owner else wa_url)

        return await once(session, wanted, make, status=201)


@of_trip.get(
    "/participants",
    responses=refusals(*NOT_YOURS, ValidationFailed, TripNotFound),
    openapi_extra=described(security=SIGNED_IN),
)
async def get_participants(
    desk: DeskOf,
    trip_id: UUID,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> ParticipantsAnswer:
    """Those who take part in a trip of one's own with what they ordered, paged."""
    async with desk.reading() as session:
        await desk.trip(session, trip_id)
        try:
            page = await list_participants(session, trip_id, cursor=cursor, limit=limit)
        except BadCursor as error:
            raise bad_cursor(get_locale(desk.request)) from error
        orders = await list_placed_by(session, [person.id for person in page.items])
    people = [_listed(person, orders.get(person.id, [])) for person in page.items]
    return ParticipantsAnswer(participants=people, next_cursor=page.next_cursor)


@leaving.patch(
    "/{participant_id}/unsubscribe",
    response_model=MessageAnswer,
    responses=refusals(*BODY_REFUSALS, *KEY_REFUSALS, ValidationFailed, ParticipantNotFound),
    openapi_extra=described(KEY, security=[*PARTICIPANT_TOKEN, *SIGNED_IN]),
)
async def patch_unsubscribe(request: Request, participant_id: UUID) -> Response:
    """Be told no more of a trip, by the token of one's own link; or let somebody be told no more of one's own trip."""
    actor, wanted = await somebody(request), await read_key(request)
    async with get_database(request).write(actor) as session:
        await _require_theirs(request, session, participant_id, actor)

        async def make() -> MessageAnswer:
            await unsubscribe(session, participant_id, actor=actor)
            return MessageAnswer(message="Unsubscribed")

        return await once(session, wanted, make)


async def _find_owner(request: Request, trip_id: UUID) -> Actor | None:
    """Whoever is signed in, where the trip is theirs; anybody else joins like a guest."""
    person = await find_person(request)
    if not isinstance(person, SignedIn):
        return None
    actor = person.to_actor(ip_digest=ip_digest(request))
    async with get_database(request).read(actor) as session:
        merchant_id = (await get_trip(session, trip_id)).trip.merchant_id
    name_merchant(request, merchant_id)
    return actor if may_run_trip(person, merchant_id, trip_id) else None


async def _limit(request: Request, phone: str) -> None:
    limiter, context = get_registry(request)[Limiter], context_of(request)
    await limiter.hit(context, JOIN)
    await limiter.hit(context, JOIN_NUMBER, limiter.digest_of(f"wa:{phone}"))


def _wa_url(request: Request, trip: TripView, wish: JoinRequest) -> str | None:
    """What opens the chat with the command filled in (jastipin.md §6); none where the instance has no number."""
    settings = get_registry(request)[Settings]
    said = join_text(trip.trip.slug, wish.name, wish.referral_code or "")
    return chat_url(settings.wa_number, said, base=settings.chat_url) if settings.wa_number else None


async def _require_theirs(request: Request, session: ReadSession, participant_id: UUID, actor: Actor) -> None:
    """Raises ParticipantNotFound unless it is oneself, or of a trip of one's own."""
    person = await get_participant(session, participant_id)
    if participant_id in actor.participant_ids:
        return
    signed_in = await find_person(request)
    if not isinstance(signed_in, SignedIn) or not may_run_trip(
        signed_in, person.merchant_id, person.event_id
    ):
        raise ParticipantNotFound


def _listed(person: Participant, orders: list[Placed]) -> ListedParticipantPart:
    parts = [
        BriefOrderPart(
            id=placed.order.id,
            code=placed.order.code,
            quantity=placed.order.quantity,
            total_price=placed.order.total_amount,
            status=STATUSES[placed.state],
            created_at=placed.order.placed_at,
        )
        for placed in orders
    ]
    return ListedParticipantPart(**participant_facts(person), orders=parts)
