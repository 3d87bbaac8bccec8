"""An event once more, at another time: everything that is offered, and nothing that was sold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, tuple_, update

from pesan.audit import record
from pesan.capacity.models import CapacityPool
from pesan.catalog.errors import EventNotFound
from pesan.catalog.models import Event, EventPaymentMethod, PromoCode, Seat, TicketType
from pesan.catalog.service.events import EventDraft, create_event
from pesan.catalog.service.promo_codes import PromoDraft, create_promo_code
from pesan.catalog.service.seats import SeatDraft, add_seats
from pesan.catalog.service.ticket_types import TicketTypeDraft, create_ticket_type
from pesan.catalog.states import TICKETS, PromoKind
from pesan.db import Actor, WriteSession

_CHARGES = ("currency", "cover_key", "fee_amount", "fee_basis_points", "tax_basis_points")
_CHUNK = 5_000
_SEAT_FIELDS = tuple(part.name for part in fields(SeatDraft))


@dataclass(frozen=True, slots=True)
class _Copy:
    """One copying: by how much every time moves, and for whom."""

    session: WriteSession
    shift: timedelta
    actor: Actor

    def later(self, moment: datetime | None) -> datetime | None:
        return moment + self.shift if moment else None


async def copy_event(
    session: WriteSession, *, source: Event, starts_at: datetime, with_promo_codes: bool, actor: Actor
) -> Event:
    """A draft with the same texts, cover, payment methods, ticket types and seats; every time moves along.

    Its pools are its own and empty. Types that are sold no more stay behind, and so do withdrawn promo codes. Raises
    EventNotFound for what sells no tickets: an outlet's booths and hours are not the event's.
    """
    if source.fulfilment != TICKETS:
        raise EventNotFound
    copy = _Copy(session, starts_at - source.starts_at, actor)
    event = await create_event(
        session, merchant_id=source.merchant_id, draft=await _draft(copy, source), actor=actor
    )
    for name in _CHARGES:
        setattr(event, name, getattr(source, name))
    types = await _copy_types(copy, source, event)
    if with_promo_codes:
        await _copy_promo_codes(copy, source, event, types)
    await session.flush()
    await record(
        session, event, action="event:catalog:copied", actor=actor, data={"from_event_id": str(source.id)}
    )
    return event


async def _draft(copy: _Copy, source: Event) -> EventDraft:
    pool = await copy.session.get_one(CapacityPool, source.pool_id)
    chosen = select(EventPaymentMethod.method_id).where(EventPaymentMethod.event_id == source.id)
    own = {part.name for part in fields(EventDraft)} & set(source.__table__.columns.keys())
    times = ("starts_at", "ends_at", "sale_opens_at", "sale_closes_at")
    values = {name: getattr(source, name) for name in own}
    values |= {name: copy.later(values[name]) for name in times}
    return EventDraft(
        **values | {"is_featured": False},
        capacity=pool.capacity,
        hold_ratio=pool.hold_ratio,
        method_ids=(await copy.session.scalars(chosen)).all(),
    )


async def _copy_types(copy: _Copy, source: Event, event: Event) -> Mapping[UUID, TicketType]:
    """The new ticket type for each of the old ones."""
    rows = await copy.session.execute(
        select(TicketType, CapacityPool.capacity)
        .join(CapacityPool, CapacityPool.id == TicketType.pool_id)
        .where(TicketType.event_id == source.id, ~TicketType.is_archived)
        .order_by(TicketType.position, TicketType.id)
    )
    made = {}
    names = [part.name for part in fields(TicketTypeDraft) if part.name != "inventory"]
    for old, inventory in rows.all():
        values = {name: getattr(old, name) for name in names}
        for name in ("sale_opens_at", "sale_closes_at"):
            values[name] = copy.later(values[name])
        draft = TicketTypeDraft(inventory=inventory, **values)
        made[old.id] = await create_ticket_type(copy.session, event=event, draft=draft, actor=copy.actor)
        await _copy_seats(copy, event, old.id, made[old.id])
    return made


async def _copy_seats(copy: _Copy, event: Event, old_type_id: UUID, new_type: TicketType) -> None:
    columns = [getattr(Seat, name) for name in _SEAT_FIELDS]
    query = select(*columns, Seat.is_blocked).where(Seat.ticket_type_id == old_type_id).order_by(Seat.ordinal)
    rows = (await copy.session.execute(query)).all()
    if not rows:
        return
    drafts = [SeatDraft(*row[:-1]) for row in rows]
    await add_seats(copy.session, event=event, offer=new_type, drafts=drafts, actor=copy.actor)
    await _block(copy, event, [draft for draft, row in zip(drafts, rows, strict=True) if row.is_blocked])


async def _block(copy: _Copy, event: Event, drafts: Sequence[SeatDraft]) -> None:
    name = tuple_(Seat.section, Seat.row, Seat.number)
    for start in range(0, len(drafts), _CHUNK):
        chosen = [(draft.section, draft.row, draft.number) for draft in drafts[start : start + _CHUNK]]
        blocking = update(Seat).where(Seat.event_id == event.id, name.in_(chosen)).values(is_blocked=True)
        await copy.session.execute(blocking, execution_options={"synchronize_session": False})


async def _copy_promo_codes(
    copy: _Copy, source: Event, event: Event, types: Mapping[UUID, TicketType]
) -> None:
    rows = await copy.session.execute(
        select(PromoCode, CapacityPool.capacity)
        .outerjoin(CapacityPool, CapacityPool.id == PromoCode.pool_id)
        .where(PromoCode.event_id == source.id, PromoCode.is_active)
        .order_by(PromoCode.code)
    )
    for old, max_uses in rows.all():
        if old.ticket_type_id is not None and old.ticket_type_id not in types:
            continue  # it made a type cheaper that is sold no more
        draft = PromoDraft(
            code=old.code,
            kind=PromoKind(old.kind),
            value=old.value,
            max_uses=max_uses,
            ticket_type_id=types[old.ticket_type_id].id if old.ticket_type_id else None,
            valid_from=copy.later(old.valid_from),
            valid_until=copy.later(old.valid_until),
        )
        await create_promo_code(copy.session, event=event, draft=draft, actor=copy.actor)
