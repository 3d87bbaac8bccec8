"""An event once more: what comes along, and what does not."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from pesan.capacity.models import CapacityPool
from pesan.catalog.errors import EventNotFound
from pesan.catalog.models import Event, EventPaymentMethod, PromoCode, Seat, TicketType
from pesan.catalog.service import copy_event
from pesan.db import Database
from tests.support.factories import SYSTEM, Make


async def test_a_copy_offers_the_same_later_and_has_sold_nothing(make: Make, database: Database) -> None:
    merchant = await make.merchant()
    method = await make.method(merchant)
    event = await make.event(
        merchant,
        capacity=40,
        method_ids=(method.id,),
        tags=("musik", "malam"),
        reminder_hours=3,
        follow_up_hours=0,
    )
    await make.order(event)
    plain = await make.ticket_type(event, name="Reguler")
    seated = await make.ticket_type(
        event, name="Kursi", is_seated=True, is_hidden=True, access_code="KELUARGA"
    )
    gone = await make.ticket_type(event, name="Lama")
    seats = await make.seats(seated)
    await make.promo(event, max_uses=5)
    async with database.write(SYSTEM) as session:
        await session.execute(update(TicketType).where(TicketType.id == gone.id).values(is_archived=True))
        await session.execute(update(Seat).where(Seat.id == seats[0].id).values(is_blocked=True))
        stored = await session.get_one(Event, event.id)
        stored.cover_key, stored.fee_amount, stored.is_featured = "public/cover/x", 2_500, True

    async with database.write(SYSTEM) as session:
        source = await session.get_one(Event, event.id)
        copied = await copy_event(
            session,
            source=source,
            starts_at=source.starts_at + timedelta(days=7),
            with_promo_codes=True,
            actor=SYSTEM,
        )

    assert (copied.status, copied.title, copied.is_featured, copied.tags) == (
        "draft",
        event.title,
        False,
        ["musik", "malam"],
    )
    assert (copied.starts_at - event.starts_at, copied.ends_at - event.ends_at) == (timedelta(days=7),) * 2
    assert (copied.cover_key, copied.fee_amount) == ("public/cover/x", 2_500)
    assert (copied.reminder_hours, copied.follow_up_hours) == (3, 0)
    assert copied.short_id != event.short_id
    async with database.read(SYSTEM) as session:
        pool = await session.get_one(CapacityPool, copied.pool_id)
        assert (pool.capacity, pool.held, pool.used) == (40, 0, 0)
        types = await session.execute(
            select(TicketType.name, TicketType.access_code, CapacityPool.held + CapacityPool.used)
            .join(CapacityPool, CapacityPool.id == TicketType.pool_id)
            .where(TicketType.event_id == copied.id)
            .order_by(TicketType.id)
        )
        assert [tuple(row) for row in types] == [(plain.name, None, 0), ("Kursi", "KELUARGA", 0)]
        there = select(Seat.section, Seat.row, Seat.number, Seat.is_blocked).order_by(Seat.ordinal)
        first = (await session.execute(there.where(Seat.event_id == event.id))).all()
        assert (await session.execute(there.where(Seat.event_id == copied.id))).all() == first
        methods = select(EventPaymentMethod.method_id).where(EventPaymentMethod.event_id == copied.id)
        assert (await session.scalars(methods)).all() == [method.id]
        promos = select(func.count()).select_from(PromoCode).where(PromoCode.event_id == copied.id)
        assert await session.scalar(promos) == 1
        orders = text("SELECT count(*) FROM orders WHERE event_id = :id")
        assert await session.scalar(orders, {"id": copied.id}) == 0


async def test_what_sells_no_tickets_is_not_copied(make: Make, database: Database) -> None:
    outlet = await make.event(fulfilment="booths")

    with pytest.raises(EventNotFound):
        async with database.write(SYSTEM) as session:
            await copy_event(
                session, source=outlet, starts_at=outlet.starts_at, with_promo_codes=False, actor=SYSTEM
            )
