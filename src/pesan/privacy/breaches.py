"""Whose data a breach touched, and the notice about it: to the people and the agency within 3 × 24 hours."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, func, select, text

from pesan.audit.service import record
from pesan.catalog.models import Event
from pesan.db import Actor, ReadSession, WriteSession
from pesan.kit.times import isoformat
from pesan.orders.models import Order
from pesan.privacy.holdings import HELD, DataClass
from pesan.privacy.states import ANSWER_WITHIN
from pesan.tenancy.models import Merchant

NOTIFY_WITHIN = ANSWER_WITHIN
"""UU 27/2022: a failure of protection is notified in writing within 3 × 24 hours."""
_CHUNK = 500
_TIMEOUT = text("SET LOCAL statement_timeout = '60s'")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which bookings a breach touched: of which merchants (all unless named), which event, placed when."""

    merchant_ids: tuple[UUID, ...] = ()
    event_id: UUID | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None

    @property
    def conditions(self) -> Sequence[ColumnElement[bool]]:
        """For a query over orders; what was erased before is not there to be leaked."""
        found: list[ColumnElement[bool]] = [Order.erased_at.is_(None)]
        if self.merchant_ids:
            found.append(Order.merchant_id.in_(self.merchant_ids))
        if self.event_id:
            found.append(Order.event_id == self.event_id)
        if self.from_at:
            found.append(Order.placed_at >= self.from_at)
        if self.until_at:
            found.append(Order.placed_at < self.until_at)
        return found


@dataclass(frozen=True, slots=True)
class Breach:
    """What somebody says of it; `classes` are the kinds of data that came out."""

    discovered_at: datetime
    what: str
    handling: str
    contact: str
    classes: tuple[DataClass, ...]
    scope: Scope

    @property
    def due_at(self) -> datetime:
        """Until when the people and the agency have to be told."""
        return self.discovered_at + NOTIFY_WITHIN


@dataclass(frozen=True, slots=True)
class Touched:
    """One event's part."""

    merchant_id: UUID
    merchant: str
    event: str
    people: int
    bookings: int


@dataclass(frozen=True, slots=True)
class Affected:
    """Everybody touched; somebody who booked twice at a merchant counts once in `people`."""

    people: int
    bookings: int
    by_event: Sequence[Touched]
    by_class: Mapping[DataClass, int]
    """How many bookings hold each of the kinds of data."""


async def find_affected(
    session: ReadSession, scope: Scope, classes: Sequence[DataClass] = tuple(DataClass)
) -> Affected:
    """Count whom a breach touched."""
    await session.execute(_TIMEOUT)
    person = func.coalesce(Order.email, Order.wa, cast(Order.id, String))
    people = func.count(func.distinct(person))
    query = (
        select(Merchant.id, Merchant.name, Event.title, people, func.count())
        .select_from(Order)
        .join(Event, Event.id == Order.event_id)
        .join(Merchant, Merchant.id == Order.merchant_id)
        .where(*scope.conditions)
        .group_by(Merchant.id, Merchant.name, Event.id, Event.title, Event.starts_at)
        .order_by(Merchant.name, Event.starts_at, Event.id)
    )
    by_event = [Touched(*row) for row in await session.execute(query)]
    whole = func.count(func.distinct(cast(Order.merchant_id, String) + person))
    counts: list[ColumnElement[Any]] = [func.count().filter(HELD[each]) for each in classes]
    row = (await session.execute(select(whole, func.count(), *counts).where(*scope.conditions))).one()
    return Affected(row[0], row[1], by_event, dict(zip(classes, row[2:], strict=True)))


async def stream_people(
    session: ReadSession, scope: Scope
) -> AsyncIterator[Sequence[tuple[Order, str, str]]]:
    """The bookings touched, in portions, each with its event and its merchant."""
    query = (
        select(Order, Event.title, Merchant.name)
        .join(Event, Event.id == Order.event_id)
        .join(Merchant, Merchant.id == Order.merchant_id)
        .where(*scope.conditions)
        .order_by(Order.id)
        .limit(_CHUNK)
    )
    after: UUID | None = None
    while True:
        more = query if after is None else query.where(Order.id > after)
        rows = [(row[0], row[1], row[2]) for row in await session.execute(more)]
        yield rows
        if len(rows) < _CHUNK:
            return
        after = rows[-1][0].id


async def record_report(
    session: WriteSession, merchant: Merchant, breach: Breach, touched: Sequence[Touched], *, actor: Actor
) -> None:
    """Note in a merchant's history that a breach was reported, how large it was, and until when to tell people.

    The caller has locked the merchant.
    """
    own = [each for each in touched if each.merchant_id == merchant.id]
    data = {
        "discovered_at": isoformat(breach.discovered_at),
        "due_at": isoformat(breach.due_at),
        "classes": sorted(breach.classes),
        "bookings": sum(each.bookings for each in own),
        "events": len(own),
    }
    await record(
        session, merchant, action="merchant:breach:reported", actor=actor, merchant_id=merchant.id, data=data
    )
    await session.flush()
