"""Broadcasts of a trip: written, seen as they arrive, told now or at a time, followed, cancelled."""

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request
from sqlalchemy import func, select
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go
from pesan.backoffice.forms.jastip import BroadcastForm, plain_lines
from pesan.backoffice.forms.state import FormState, read_form
from pesan.backoffice.pages.jastip_room import TripRoom, reading_trip, show_trip, writing_trip
from pesan.backoffice.pages.once import once_of
from pesan.backoffice.views.jastip import Arriving, BroadcastRow, BroadcastsPage, Price
from pesan.chats.costs import count_free_used, list_rates
from pesan.chats.prices import preview
from pesan.chats.states import Category, MessageState
from pesan.chats.topics import topic_of
from pesan.db import ReadSession, WriteSession
from pesan.errors import PesanError
from pesan.idempotency.service import Answer, answer_once
from pesan.identity.policies import SignedIn
from pesan.jastip.broadcasts import frame_of
from pesan.jastip.errors import BroadcastNotFound
from pesan.jastip.links import Links
from pesan.jastip.models import Participant
from pesan.jastip.policies import may_run_trip
from pesan.jastip.queries.audience import count_audience
from pesan.jastip.queries.broadcasts import Progress, get_progress, list_broadcasts, version_of
from pesan.jastip.service.broadcasts import audience_of, cancel_broadcast, plan_broadcast
from pesan.jastip.states import Audience, RecipientState
from pesan.kit.i18n import DEFAULT_LOCALE, parse_locale
from pesan.kit.ids import new_id
from pesan.kit.money import format_rupiah
from pesan.realtime import Hub
from pesan.realtime.gate import StreamGate
from pesan.realtime.sse import Pace, Snapshot, stream
from pesan.web.access import Who, allow
from pesan.web.cookies import session_token
from pesan.web.csrf import require_csrf
from pesan.web.deps import ip_digest
from pesan.web.people import Sessions

router = APIRouter(
    prefix="/jastip/{merchant}/trips/{trip_id}/broadcasts", dependencies=[allow(Who.ORGANIZER)]
)
# Ten messages a second move, and nobody reads faster than this.
PACE = Pace(gap=1.0)
FOLLOWED = 10
"""How many broadcasts, the latest ones, are followed as they go; older ones are read now and then."""
Done = Annotated[str, Query(pattern="^(planned|cancelled)?$")]


@router.get("")
async def show_broadcasts(desk: DeskOf, merchant: str, trip_id: UUID, done: Done = "") -> Response:
    """What was told, how far it came, and the form for more."""
    return await _page(desk, merchant, trip_id, done=done)


@router.get("/stream")
async def stream_broadcasts(desk: DeskOf, merchant: str, trip_id: UUID, request: Request) -> Response:
    """Says when a message of the trip went on; the page then reads itself again."""
    async with reading_trip(desk, merchant, trip_id) as room:
        merchant_id = room.room.shop.id
    return await stream(
        desk.registry[Hub],
        desk.registry[StreamGate],
        topics=[topic_of(trip_id)],
        peer=ip_digest(request),
        fetch=partial(_snapshot, desk, session_token(request), merchant_id, trip_id),
        last_event_id=request.headers.get("last-event-id"),
        pace=PACE,
    )


@router.post("", dependencies=[require_csrf])
async def submit_broadcast(desk: DeskOf, merchant: str, trip_id: UUID) -> Response:
    """Show what arrives; and only when that was seen, tell it."""
    typed = dict(await desk.request.form())
    async with reading_trip(desk, merchant, trip_id) as room:
        zone = room.room.shop.zone
    form = read_form(BroadcastForm, typed, zone=zone)
    if form.valid is None:
        return await _page(desk, merchant, trip_id, form=form.state, status=422)
    wish = form.valid
    if plain_lines(typed.get("seen")) != wish.words:
        return await _page(desk, merchant, trip_id, form=form.state, preview=wish.words)
    try:
        async with writing_trip(desk, merchant, trip_id) as work:
            await _plan_once(desk, work.session, trip_id, wish, typed)
    except PesanError as refusal:
        return await _refused(desk, merchant, trip_id, refusal, form.state)
    desk.registry[Hub].hint(topic_of(trip_id))
    return go(f"/jastip/{merchant}/trips/{trip_id}/broadcasts?done=planned")


@router.post("/{broadcast_id}/cancel", dependencies=[require_csrf])
async def submit_cancellation(desk: DeskOf, merchant: str, trip_id: UUID, broadcast_id: UUID) -> Response:
    """Tell nobody who was not told yet."""
    try:
        async with writing_trip(desk, merchant, trip_id) as work:
            if (await get_progress(work.session, broadcast_id)).broadcast.event_id != trip_id:
                raise BroadcastNotFound
            await cancel_broadcast(work.session, broadcast_id, actor=desk.actor)
    except PesanError as refusal:
        return await _refused(desk, merchant, trip_id, refusal)
    desk.registry[Hub].hint(topic_of(trip_id))
    return go(f"/jastip/{merchant}/trips/{trip_id}/broadcasts?done=cancelled")


async def _snapshot(desk: Desk, token: str, merchant_id: UUID, trip_id: UUID) -> Snapshot:
    """How far the latest came; a person who was signed out or runs the trip no more hears nothing more."""
    person = await desk.registry[Sessions].find(token)
    if not isinstance(person, SignedIn) or not may_run_trip(person, merchant_id, trip_id):
        return Snapshot("gone", "{}", event="gone", is_final=True)
    async with desk.database.read(person.to_actor()) as session:
        version = version_of(await list_broadcasts(session, trip_id, limit=FOLLOWED))
    return Snapshot(version, orjson.dumps({"state": version}).decode())


async def _plan_once(
    desk: Desk, session: WriteSession, trip_id: UUID, wish: BroadcastForm, typed: Mapping[str, Any]
) -> None:
    """Two taps on one button tell everybody one thing."""

    async def make() -> Answer:
        words, audience, starts_at = wish.words, wish.audience, wish.starts_at
        await plan_broadcast(
            session, trip_id, words=words, audience=audience, starts_at=starts_at, actor=desk.actor
        )
        return Answer(303, b"")

    if once := once_of(desk, typed):
        await answer_once(session, once.wanted, make)
    else:
        await make()


async def _refused(
    desk: Desk, merchant: str, trip_id: UUID, refusal: PesanError, form: FormState | None = None
) -> Response:
    if refusal.status not in {409, 422}:
        raise refusal
    problem = refusal.text(desk.locale)
    return await _page(desk, merchant, trip_id, form=form, problem=problem, status=refusal.status)


async def _page(
    desk: Desk,
    merchant: str,
    trip_id: UUID,
    *,
    form: FormState | None = None,
    status: int = 200,
    **notes: str,
) -> Response:
    seen = form if notes.get("preview") else None
    whom = Audience(str(seen.value("audience") or Audience.ALL.value)) if seen else None
    async with reading_trip(desk, merchant, trip_id) as room:
        rows = [_row(room, progress) for progress in await list_broadcasts(room.session, trip_id)]
        page = BroadcastsPage(
            rows,
            f"{room.frame.path}/broadcasts",
            form or FormState({"audience": Audience.ALL.value}),
            await _sizes(room.session, trip_id),
            once=str(new_id()),
            price=await _price(room.session, trip_id, whom) if whom else None,
            arriving=await _arriving(room, trip_id, whom) if whom else None,
            **notes,
        )
        context = {"page": page, "schema": BroadcastForm, "link": desk.registry[Links].trip(room.frame.slug)}
        return show_trip(desk, room, "jastip_broadcasts", context, status=status)


async def _sizes(session: ReadSession, trip_id: UUID) -> dict[str, int]:
    """Whom each audience would be now."""
    found = {}
    for audience in Audience:
        people = audience_of(trip_id, audience).order_by(None).subquery()
        found[audience.value] = (await session.scalars(select(func.count()).select_from(people))).one()
    return found


async def _price(session: ReadSession, trip_id: UUID, whom: Audience) -> Price:
    """What telling the chosen audience would cost if it left now."""
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    people = await count_audience(session, trip_id, is_marketing=True, whom=whom)
    rates, used = await list_rates(session), await count_free_used(session, now)
    found = preview(rates, people, category=Category.MARKETING, day=now.date(), free_used=used)
    return Price(people, each=_exact(found.per_message), total=_exact(found.total))


async def _arriving(room: TripRoom, trip_id: UUID, whom: Audience) -> Arriving:
    """In Indonesian where as many read either."""
    people = audience_of(trip_id, whom).order_by(None)
    query = select(Participant.locale, func.count()).where(Participant.id.in_(people))
    counts = {
        parse_locale(name): count for name, count in await room.session.execute(query.group_by("locale"))
    }
    locale = max(counts, key=lambda each: (counts[each], each == DEFAULT_LOCALE), default=DEFAULT_LOCALE)
    others = sum(counts.values()) - counts.get(locale, 0)
    return Arriving(locale, *frame_of(locale, room.frame.slug), others=others)


def _exact(amount: Decimal) -> str:
    """Rupiah with whatever stands behind the comma, so that one price as often as it counts is the sum."""
    whole, _, part = f"{amount:f}".partition(".")
    part = part.rstrip("0")
    return format_rupiah(int(whole)) + (f",{part}" if part else "")


def _row(room: TripRoom, progress: Progress) -> BroadcastRow:
    broadcast, counts = progress.broadcast, progress.counts
    return BroadcastRow(
        id=str(broadcast.id),
        text=broadcast.text,
        audience=broadcast.audience,
        state=broadcast.state,
        starts_at=broadcast.starts_at,
        recipients=broadcast.recipients,
        open=progress.open,
        reached=progress.reached,
        read=counts.get(MessageState.READ.value, 0),
        failed=counts.get(MessageState.FAILED.value, 0),
        unknown=counts.get(MessageState.UNKNOWN.value, 0),
        left=counts.get(RecipientState.LEFT.value, 0),
        path=f"{room.frame.path}/broadcasts/{broadcast.id}",
    )
