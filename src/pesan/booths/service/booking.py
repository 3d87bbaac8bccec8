"""Booking a time at an outlet: an order like any other, whose line is a slot."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pesan.booths.errors import BoothNotFound, NoFreeTime
from pesan.booths.models import Booth
from pesan.booths.queries.availability import Offer, find_offer, list_next_offers
from pesan.booths.queries.outlets import OutletView, get_booth, get_outlet
from pesan.booths.slots import Span
from pesan.capacity.errors import SlotHeld, SlotTaken
from pesan.catalog.errors import SlotNotFound
from pesan.catalog.service import SlotTime, ensure_slot
from pesan.checkout.room import DiskRoom
from pesan.checkout.schemas import BuyerFields
from pesan.checkout.service import Agreed, Once, place_hold
from pesan.db import Actor, Database, ReadSession
from pesan.errors import PesanError
from pesan.kit.i18n import Locale
from pesan.orders import Moved, Replayed
from pesan.orders.desk import SaleDesk
from pesan.orders.moves import LineWish, Origin, SlotWish

_WALK_IN_TRIES = 10


@dataclass(frozen=True, slots=True)
class TimeWish:
    """What a customer wants of an outlet: a time, or none for the next free one; at a booth, or at any."""

    outlet_id: UUID
    starts_at: datetime | None = None
    booth_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Counter:
    """Where bookings are taken: the process's database, its sale desk and its room on the disk."""

    database: Database
    sales: SaleDesk
    room: DiskRoom


@dataclass(frozen=True, slots=True)
class Reserved:
    """A time at a booth, and the slot that it is."""

    view: OutletView
    booth: Booth
    span: Span
    slot: SlotWish


@dataclass(frozen=True, slots=True)
class Booking:
    """What came of a wish, and of which time; a request that was sent again got the time of its first answer."""

    outcome: Moved | Replayed
    reserved: Reserved


async def book(
    counter: Counter,
    wish: TimeWish,
    *,
    buyer: BuyerFields,
    actor: Actor,
    locale: Locale,
    origin: Origin | None = None,
    once: Callable[[Reserved], Once] | None = None,
    agreed: Agreed | None = None,
) -> Booking:
    """Hold the time at the first booth that has it; an outlet that costs nothing is booked at once.

    Raises OutletNotFound, BoothNotFound, SlotNotFound, SlotTaken, SlotHeld, NoFreeTime, and whatever
    `place_hold` refuses.
    """
    refusal: PesanError = NoFreeTime() if wish.starts_at is None else SlotTaken()
    async for reserved in reserve_each(counter.database, wish, actor):
        try:
            outcome = await place_hold(
                counter.sales,
                event_id=wish.outlet_id,
                buyer=buyer,
                actor=actor,
                locale=locale,
                room=counter.room,
                lines=[LineWish(slot=reserved.slot)],
                origin=origin,
                once=once(reserved) if once else None,
                agreed=agreed,
            )
            return Booking(outcome, reserved)
        except (SlotTaken, SlotHeld) as error:
            refusal = error  # somebody was first; another booth may have the same time
    raise refusal


async def reserve_each(database: Database, wish: TimeWish, actor: Actor) -> AsyncIterator[Reserved]:
    """The slots that would do, the best first, as `book` says; each comes to be only when the one before was taken."""
    async with database.read(actor) as session:
        view = await get_outlet(session, wish.outlet_id)
        await _require_booth(session, wish)
        offers = await _list_wished(session, view, wish.starts_at)
    for offer in offers:
        for booth in offer.booths:
            if wish.booth_id in {None, booth.id}:
                yield await _reserve(database, view, booth, offer.span)


async def _require_booth(session: ReadSession, wish: TimeWish) -> None:
    """Raise BoothNotFound for a booth that is named and that nobody can book: no other time of it is free either."""
    if wish.booth_id and (await get_booth(session, wish.outlet_id, wish.booth_id)).is_closed:
        raise BoothNotFound


async def _list_wished(session: ReadSession, view: OutletView, starts_at: datetime | None) -> Sequence[Offer]:
    if starts_at is None:
        return await list_next_offers(session, view, limit=_WALK_IN_TRIES)
    offer = await find_offer(session, view, starts_at)
    if offer is None:
        raise SlotNotFound
    return [offer]


async def _reserve(database: Database, view: OutletView, booth: Booth, span: Span) -> Reserved:
    outlet = view.outlet
    time = SlotTime(outlet.merchant_id, outlet.event_id, booth.number, span.starts_at, span.ends_at)
    async with database.sale() as session:
        slot = await ensure_slot(session, time)
        return Reserved(view, booth, span, SlotWish(slot.id, slot.pool_id))
