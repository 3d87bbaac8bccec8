"""Which times can be booked, and which a customer who stands there can have at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ARRAY, BigInteger, bindparam, func, select, text

from pesan.booths.models import Booth
from pesan.booths.queries.configs import Config, get_config
from pesan.booths.queries.outlets import OutletView, list_booths, list_hours
from pesan.booths.slots import DAY, Opening, Span, busy_at, find_slot, slots_of
from pesan.db import ReadSession
from pesan.kit.times import in_zone

HORIZON = timedelta(days=30)
"""How far ahead times can be booked."""

_TAKEN = text("SELECT resource, starts_at, ends_at FROM taken_times(:numbers, :since, :until)").bindparams(
    bindparam("numbers", type_=ARRAY(BigInteger()))
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A time of an outlet's, and the booths that are free then: none when it is taken."""

    span: Span
    booths: Sequence[Booth]


async def list_offers(session: ReadSession, view: OutletView, day: date) -> list[Offer]:
    """The times in the hours that open on `day`, in order, taken ones too; none that began, or lies too far ahead."""
    rules = await _read_rules(session, view)
    return await _offer(
        session, view, [span for span in rules.slots_of(day) if rules.is_within(span.starts_at)]
    )


async def find_offer(session: ReadSession, view: OutletView, starts_at: datetime) -> Offer | None:
    """The time that begins at this moment, taken or not; None where the hours have none that can still be booked."""
    rules = await _read_rules(session, view)
    if not rules.is_within(starts_at):
        return None
    span = find_slot(starts_at, rules.hours, rules.zone, rules.config.duration)
    if span is None:
        return None
    return next(iter(await _offer(session, view, [span])), None)


async def list_next_offers(session: ReadSession, view: OutletView, *, limit: int) -> list[Offer]:
    """The next free times from now on, within a day; one that began counts while its customer could still come."""
    rules = await _read_rules(session, view)
    today = in_zone(rules.now, rules.zone).date()
    slots = (span for day in (today - DAY, today, today + DAY) for span in rules.slots_of(day))
    spans = [span for span in slots if rules.can_be_had(span)]
    return [offer for offer in await _offer(session, view, spans) if offer.booths][:limit]


@dataclass(frozen=True, slots=True)
class _Rules:
    """What makes an outlet's times, at the database's time."""

    config: Config
    hours: Sequence[Opening]
    zone: str
    now: datetime

    def slots_of(self, day: date) -> Iterator[Span]:
        # Around the first and the last day that there is, no clock can be read.
        if abs(day - self.now.date()) > HORIZON + 3 * DAY:
            return iter(())
        return slots_of(day, self.hours, self.zone, self.config.duration)

    def is_within(self, starts_at: datetime) -> bool:
        return self.now < starts_at <= self.now + HORIZON

    def can_be_had(self, span: Span) -> bool:
        late = min(timedelta(minutes=self.config.arrival_tolerance_minutes), self.config.duration / 2)
        return self.now < span.ends_at and span.starts_at - DAY < self.now <= span.starts_at + late


async def _read_rules(session: ReadSession, view: OutletView) -> _Rules:
    config = await get_config(session, view.outlet.merchant_id)
    hours = await list_hours(session, view.outlet.event_id)
    now: datetime = (await session.scalars(select(func.clock_timestamp()))).one()
    return _Rules(config, hours, view.outlet.zone, now)


async def _offer(session: ReadSession, view: OutletView, spans: Sequence[Span]) -> list[Offer]:
    if not spans or not view.is_open:
        return []
    booths = await list_booths(session, view.outlet.event_id, with_closed=False)
    busy = busy_at(spans, await list_taken(session, booths, spans))
    return [
        Offer(span, [booth for booth in booths if booth.number not in taken] if taken else booths)
        for span, taken in zip(spans, busy, strict=True)
    ]


async def list_taken(
    session: ReadSession, booths: Sequence[Booth], spans: Sequence[Span]
) -> dict[int, list[Span]]:
    """When these booths, by their numbers, are taken from the first of `spans` to the last."""
    if not spans:
        return {}
    wanted = {
        "numbers": [booth.number for booth in booths],
        "since": min(span.starts_at for span in spans),
        "until": max(span.ends_at for span in spans),
    }
    taken: dict[int, list[Span]] = {}
    for number, starts_at, ends_at in await session.execute(_TAKEN, wanted):
        taken.setdefault(number, []).append(Span(starts_at, ends_at))
    return taken
