"""Outlets with their booths and hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, select, text

from pesan.booths.errors import BoothNotFound, OutletNotFound
from pesan.booths.models import Booth, Outlet, OutletHours
from pesan.booths.slots import Opening
from pesan.catalog.models import Event
from pesan.catalog.states import EventStatus
from pesan.db import ReadSession
from pesan.db.access import WITHIN_LIMITS


@dataclass(frozen=True, slots=True)
class OutletView:
    """An outlet with the event that it sells as."""

    outlet: Outlet
    event: Event

    @property
    def is_open(self) -> bool:
        """Whether it takes bookings."""
        return self.event.status == EventStatus.OPEN and not self.outlet.is_archived


async def get_outlet(session: ReadSession, event_id: UUID) -> OutletView:
    """The outlet, archived or not; raises OutletNotFound."""
    row = (await session.execute(_outlets().where(Outlet.event_id == event_id))).one_or_none()
    if row is None:
        raise OutletNotFound
    return OutletView(*row)


async def list_outlets(session: ReadSession, *, with_archived: bool = False) -> Sequence[OutletView]:
    """The outlets of the whole instance that customers choose from, by name."""
    query = _outlets() if with_archived else _outlets().where(Outlet.is_archived.is_(False))
    return [OutletView(*row) for row in await session.execute(query)]


async def list_outlets_of(
    session: ReadSession, merchant_id: UUID, *, with_archived: bool = False
) -> Sequence[OutletView]:
    """A merchant's outlets by name; to whoever is limited to some, those."""
    query = _outlets().where(Outlet.merchant_id == merchant_id, text(WITHIN_LIMITS))
    if not with_archived:
        query = query.where(Outlet.is_archived.is_(False))
    return [OutletView(*row) for row in await session.execute(query)]


async def list_hours(session: ReadSession, event_id: UUID) -> Sequence[Opening]:
    """When the outlet opens and closes, from Monday on."""
    query = select(OutletHours).where(OutletHours.event_id == event_id)
    found = await session.scalars(query.order_by(OutletHours.weekday, OutletHours.opens))
    return [hours.opening for hours in found]


async def list_booths(session: ReadSession, event_id: UUID, *, with_closed: bool = True) -> Sequence[Booth]:
    """The outlet's booths, in the order in which they were added."""
    query = select(Booth).where(Booth.event_id == event_id).order_by(Booth.number)
    return (await session.scalars(query if with_closed else query.where(Booth.is_closed.is_(False)))).all()


async def list_booths_of(session: ReadSession, event_ids: Sequence[UUID]) -> dict[UUID, list[Booth]]:
    """The booths of several outlets, by outlet."""
    found: dict[UUID, list[Booth]] = {}
    for booth in await session.scalars(
        select(Booth).where(Booth.event_id.in_(event_ids)).order_by(Booth.number)
    ):
        found.setdefault(booth.event_id, []).append(booth)
    return found


async def list_hours_of(session: ReadSession, event_ids: Sequence[UUID]) -> dict[UUID, list[Opening]]:
    """The hours of several outlets, by outlet, from Monday on."""
    query = select(OutletHours).where(OutletHours.event_id.in_(event_ids))
    found: dict[UUID, list[Opening]] = {}
    for hours in await session.scalars(query.order_by(OutletHours.weekday, OutletHours.opens)):
        found.setdefault(hours.event_id, []).append(hours.opening)
    return found


async def get_booth(session: ReadSession, event_id: UUID, booth_id: UUID) -> Booth:
    """A booth of this outlet; raises BoothNotFound."""
    booth = await session.scalar(select(Booth).where(Booth.event_id == event_id, Booth.id == booth_id))
    if booth is None:
        raise BoothNotFound
    return booth


def _outlets() -> Select[Outlet, Event]:
    return select(Outlet, Event).join(Event, Event.id == Outlet.event_id).order_by(Outlet.name, Event.id)
