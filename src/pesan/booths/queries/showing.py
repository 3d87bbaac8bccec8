"""Outlets as customers see them: with whose they are, their times, and how many of them they still have today."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, select, tuple_

from pesan.booths.errors import OutletNotFound
from pesan.booths.models import Booth, BoothConfig, Outlet, OutletHours
from pesan.booths.queries.availability import Offer, list_offers, list_taken
from pesan.booths.queries.configs import Config, get_config
from pesan.booths.queries.outlets import OutletView, list_booths, list_hours
from pesan.booths.slots import DAY, Opening, Span, busy_at, slots_of
from pesan.catalog.models import Event
from pesan.catalog.states import EventStatus
from pesan.db import ReadSession
from pesan.kit.pagination import Page, decode_cursor, encode_cursor
from pesan.kit.times import in_zone
from pesan.tenancy.models import Merchant

PAGE_SIZE = 24


@dataclass(frozen=True, slots=True)
class Shown:
    """An outlet with its merchant, at the database's time."""

    outlet: Outlet
    event: Event
    merchant: Merchant
    now: datetime

    @property
    def view(self) -> OutletView:
        """The outlet as the desk's own queries take it."""
        return OutletView(self.outlet, self.event)

    @property
    def is_open(self) -> bool:
        """Whether it takes bookings."""
        return self.view.is_open

    @property
    def today(self) -> date:
        """The date on its clocks."""
        return in_zone(self.now, self.outlet.zone).date()


@dataclass(frozen=True, slots=True)
class Day:
    """A day of an outlet's, with the hours and the length by which its times are made."""

    hours: Sequence[Opening]
    config: Config
    offers: Sequence[Offer]
    has_booths: bool = True


@dataclass(frozen=True, slots=True)
class Today:
    """The times of an outlet's that begin today and can still be chosen: all of them, and the free ones.

    An outlet without an open booth has none, whatever its hours.
    """

    times: int = 0
    free: int = 0
    has_booths: bool = True


async def get_shown(
    session: ReadSession, *, short_id: str | None = None, event_id: UUID | None = None
) -> Shown:
    """One outlet, open or not, by its public short id or its id; raises OutletNotFound."""
    chosen = Event.short_id == short_id if event_id is None else Event.id == event_id
    row = (await session.execute(_shown().where(chosen))).one_or_none()
    if row is None:
        raise OutletNotFound
    return Shown(*row)


async def list_shown(session: ReadSession, *, cursor: str | None = None) -> Page[Shown]:
    """The outlets that customers choose from, those that take bookings first, then by name; raises BadCursor."""
    query = _shown().where(Outlet.is_archived.is_(False), Event.status != EventStatus.CANCELLED)
    if cursor:
        query = query.where(tuple_(_PLACE, Event.short_id) > tuple_(*decode_cursor(cursor, 2)))
    query = query.order_by(_PLACE, Event.short_id).limit(PAGE_SIZE + 1)
    rows = [Shown(*row) for row in await session.execute(query)]
    found = rows[:PAGE_SIZE]
    more = len(rows) > PAGE_SIZE
    return Page(found, encode_cursor(_place_of(found[-1]), found[-1].event.short_id) if more else None)


async def read_day(session: ReadSession, shown: Shown, day: date) -> Day:
    """The times in the hours that open on `day`, taken ones too; none that began, or lies too far ahead.

    What is left after midnight of the hours that opened yesterday is today's.
    """
    hours = await list_hours(session, shown.event.id)
    config = await get_config(session, shown.merchant.id)
    goes_on = any(each.weekday == (day - DAY).weekday() and each.closes <= each.opens for each in hours)
    days = [day - DAY, day] if goes_on and day == shown.today else [day]
    offers = [offer for each in days for offer in await list_offers(session, shown.view, each)]
    return Day(hours, config, offers, await _has_booths(session, shown, offers))


async def count_today(session: ReadSession, outlets: Sequence[Shown]) -> Mapping[UUID, Today]:
    """What each of these outlets still has today, on its own clocks; in as many queries for many as for one."""
    ids = [shown.event.id for shown in outlets if shown.is_open]
    hours = await _list_hours(session, ids)
    booths = await _list_booths(session, ids)
    lengths = await _list_lengths(session, {shown.merchant.id for shown in outlets})
    slots = {
        shown.event.id: _slots_today(shown, hours[shown.event.id], lengths.get(shown.merchant.id, Config()))
        for shown in outlets
        if booths[shown.event.id]
    }
    asked = [booth for event_id in slots for booth in booths[event_id]]
    taken = await list_taken(session, asked, [span for spans in slots.values() for span in spans])
    counted = {event_id: _counted(spans, booths[event_id], taken) for event_id, spans in slots.items()}
    return {event_id: counted.get(event_id, Today(has_booths=False)) for event_id in ids}


_PLACE = case((Event.status == EventStatus.OPEN, "0"), else_="1") + Outlet.name


def _place_of(shown: Shown) -> str:
    return ("0" if shown.is_open else "1") + shown.outlet.name


def _shown() -> Select[Any]:
    return (
        select(Outlet, Event, Merchant, func.clock_timestamp())
        .join(Event, Event.id == Outlet.event_id)
        .join(Merchant, Merchant.id == Outlet.merchant_id)
    )


def _slots_today(shown: Shown, hours: Sequence[Opening], config: Config) -> list[Span]:
    days = (shown.today - DAY, shown.today)
    slots = (span for day in days for span in slots_of(day, hours, shown.outlet.zone, config.duration))
    return [span for span in slots if span.starts_at > shown.now]


def _counted(spans: Sequence[Span], booths: Sequence[Booth], taken: Mapping[int, Sequence[Span]]) -> Today:
    busy = busy_at(spans, {booth.number: taken.get(booth.number, ()) for booth in booths})
    return Today(len(spans), sum(len(there) < len(booths) for there in busy))


async def _has_booths(session: ReadSession, shown: Shown, offers: Sequence[Offer]) -> bool:
    """Whether anything can be booked at all, which a free time says already."""
    if any(offer.booths for offer in offers):
        return True
    return bool(await list_booths(session, shown.event.id, with_closed=False))


async def _list_hours(session: ReadSession, ids: Sequence[UUID]) -> Mapping[UUID, list[Opening]]:
    found: dict[UUID, list[Opening]] = defaultdict(list)
    for hours in await session.scalars(select(OutletHours).where(OutletHours.event_id.in_(ids))):
        found[hours.event_id].append(hours.opening)
    return found


async def _list_booths(session: ReadSession, ids: Sequence[UUID]) -> Mapping[UUID, list[Booth]]:
    found: dict[UUID, list[Booth]] = defaultdict(list)
    query = select(Booth).where(Booth.event_id.in_(ids), Booth.is_closed.is_(False))
    for booth in await session.scalars(query):
        found[booth.event_id].append(booth)
    return found


async def _list_lengths(session: ReadSession, merchants: set[UUID]) -> Mapping[UUID, Config]:
    found = await session.scalars(select(BoothConfig).where(BoothConfig.merchant_id.in_(merchants)))
    return {
        row.merchant_id: Config(row.session_duration_minutes, row.arrival_tolerance_minutes) for row in found
    }
