"""Trips: planned, changed, deleted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from pesan.audit import changed_values, record
from pesan.catalog.models import Event
from pesan.catalog.service import EventDraft, create_event
from pesan.catalog.states import EventStatus
from pesan.db import Actor, WriteSession
from pesan.db.waits import violates
from pesan.errors import InvalidInput
from pesan.jastip.errors import TripBusy, TripSlugTaken
from pesan.jastip.locks import lock_sale, lock_trip
from pesan.jastip.models import Trip
from pesan.jastip.states import FULFILMENT, fold_slug
from pesan.kit.i18n import Text
from pesan.orders.models import Order
from pesan.orders.states import OrderState

DEFAULT_HOLD_MINUTES = 24 * 60
WHOLE = 100
"""The percent of what an order costs that asks for everything at once."""
# A trip takes place whenever its parcels do, and its places are its products' pieces.
_FOR_EVER = timedelta(days=365 * 100)
_PLACES = 1_000_000
_MOST_PIECES = 1_000
_MOST_HOLDS = 20
_BAD_PERCENT = Text(
    id="Uang muka: 1 sampai 100 persen. 100 berarti lunas sekaligus.",
    en="A deposit is 1 to 100 percent. 100 means everything at once.",
)
_UNFINISHED = (OrderState.HOLD, OrderState.REVIEW, OrderState.PAID)
_BAD_SLUG = Text(
    id="Kode trip: 3 sampai 10 huruf, angka, - atau _.", en="A trip code has 3 to 10 letters, digits, - or _."
)
_OF_EVENT = ("title", "description", "deadline", "hold_minutes", "deposit_percent")
_OWN = ("slug", "is_active", "answers_unknown", "announces_products")


@dataclass(frozen=True, slots=True)
class TripDraft:
    """What a jastiper says of a trip; `deadline` is aware, and until then, or for ever, people may order.

    An unpaid order is kept for `hold_minutes`. Of what it costs `deposit_percent` are asked for first, and the rest
    before it is sent; 100 is everything at once.
    """

    title: str
    slug: str
    description: str = ""
    deadline: datetime | None = None
    is_active: bool = False
    hold_minutes: int = DEFAULT_HOLD_MINUTES
    answers_unknown: bool = False
    announces_products: bool = True
    deposit_percent: int = WHOLE

    def own(self) -> dict[str, Any]:
        """The trip's own columns; raises InvalidInput."""
        try:
            slug = fold_slug(self.slug)
        except ValueError as error:
            raise InvalidInput("slug", _BAD_SLUG) from error
        return {name: getattr(self, name) for name in _OWN} | {"slug": slug}

    def of_event(self) -> dict[str, Any]:
        """What the trip's event says of it."""
        return {
            "title": self.title,
            "slug": fold_slug(self.slug),
            "description": self.description,
            "sale_closes_at": self.deadline,
            "hold_minutes": self.hold_minutes,
            "deposit_percent": self._percent(),
        }

    def _percent(self) -> int:
        if not 1 <= self.deposit_percent <= WHOLE:
            raise InvalidInput("deposit_percent", _BAD_PERCENT)
        return self.deposit_percent


async def create_trip(session: WriteSession, *, merchant_id: UUID, draft: TripDraft, actor: Actor) -> Trip:
    """A new trip without products, and the event that it sells as; raises InvalidInput, TripSlugTaken."""
    own = draft.own()
    event = await create_event(
        session,
        merchant_id=merchant_id,
        draft=_event_draft(draft),
        actor=actor,
        status=_status(draft.is_active).value,
        fulfilment=FULFILMENT,
    )
    event.slug = own["slug"]
    trip = Trip(event_id=event.id, merchant_id=merchant_id, **own)
    session.add(trip)
    await _flush(session, own["slug"])
    await record(session, event, action="event:trip:created", actor=actor, after=_shown(_said(trip, event)))
    await session.flush()
    return trip


async def amend_trip(session: WriteSession, trip_id: UUID, *, said: Mapping[str, Any], actor: Actor) -> None:
    """Say some of a TripDraft's values anew; what is left out stays as somebody else may just have said it.

    Raises TripNotFound, InvalidInput, TripSlugTaken. **Locks** its event.
    """
    trip, event = await lock_trip(session, trip_id)
    old = _said(trip, event)
    draft = TripDraft(**old | dict(said))
    before, after = changed_values(old, old | draft.own() | _named(draft))
    if not after:
        return
    for name, value in draft.own().items():
        setattr(trip, name, value)
    for name, value in draft.of_event().items():
        setattr(event, name, value)
    if "is_active" in after and event.status != EventStatus.CANCELLED:
        event.status = _status(draft.is_active).value
        trip.is_archived = trip.is_archived and not draft.is_active
    event.updated_at = func.clock_timestamp()
    await _flush(session, trip.slug)
    action = "event:trip:changed"
    await record(session, event, action=action, actor=actor, before=_shown(before), after=_shown(after))
    await session.flush()


async def delete_trip(session: WriteSession, trip_id: UUID, *, actor: Actor) -> None:
    """Take a trip away for good, with its orders kept; raises TripNotFound, TripBusy.

    **Locks** its event, then its pool, so that nobody orders meanwhile.
    """
    trip, event = await lock_trip(session, trip_id)
    if trip.is_archived:
        return
    await lock_sale(session, event.pool_id)
    query = select(func.count()).where(Order.event_id == trip_id, Order.state.in_(_UNFINISHED))
    if count := await session.scalar(query) or 0:
        raise TripBusy(count=count, extra={"count": count})
    trip.is_archived, trip.is_active = True, False
    if event.status == EventStatus.OPEN:
        event.status = EventStatus.CLOSED.value
    event.updated_at = func.clock_timestamp()
    await session.flush()
    await record(session, event, action="event:trip:archived", actor=actor)
    await session.flush()


async def _flush(session: WriteSession, slug: str) -> None:
    try:
        await session.flush()
    except IntegrityError as error:
        if violates(error, "uq_trips_slug"):
            raise TripSlugTaken(slug=slug) from error
        raise


def _event_draft(draft: TripDraft) -> EventDraft:
    now = datetime.now(UTC)
    return EventDraft(
        starts_at=now,
        ends_at=now + _FOR_EVER,
        capacity=_PLACES,
        hold_ratio=Decimal(1),
        price_amount=0,
        max_per_order=_MOST_PIECES,
        max_holds_per_contact=_MOST_HOLDS,
        max_holds_per_ip=_MOST_HOLDS * 5,
        transferable=False,
        **{name: value for name, value in draft.of_event().items() if name != "slug"},
    )


def _status(is_active: bool) -> EventStatus:
    return EventStatus.OPEN if is_active else EventStatus.CLOSED


def _said(trip: Trip, event: Event) -> dict[str, Any]:
    own = {name: getattr(trip, name) for name in _OWN}
    names = {
        "title": event.title,
        "description": event.description,
        "deadline": event.sale_closes_at,
        "hold_minutes": event.hold_minutes,
        "deposit_percent": event.deposit_percent,
    }
    return own | names


def _named(draft: TripDraft) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in _OF_EVENT}


def _shown(said: Mapping[str, Any]) -> dict[str, Any]:
    """As the history keeps it, where times are written out."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in said.items()}
