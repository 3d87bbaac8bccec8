"""A session is reminded of once in its hours, and only while its customer is waited for."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select
from sqlalchemy.engine import URL

from pesan.app.instance import Instance
from pesan.app.wiring import build_registry
from pesan.booths.states import SessionEvent, SessionState
from pesan.booths.tasks import remind
from pesan.checkout.tasks import tell_buyer
from pesan.db import Database
from pesan.kit.registry import Registry
from pesan.notifications.models import Notification
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent
from pesan.settings import Settings
from tests.support.booths import Place, book_session, make_place, move_session
from tests.support.factories import SYSTEM, Make

HOUR = 60
E, S = SessionEvent, SessionState


@pytest.fixture
async def deps(settings: Settings, database_url: URL) -> AsyncIterator[Registry]:
    deps = build_registry(Instance(settings, database_url, None), "worker")
    yield deps
    await deps[Database].dispose()


@pytest.fixture
async def place(make: Make, database: Database) -> Place:
    return await make_place(make, database)


@pytest.fixture
def booked(make: Make, database: Database, place: Place):
    async def book_one(in_minutes: int):
        return await book_session(make, database, place, in_minutes=in_minutes, email="siti@contoh.id")

    return book_one


async def told(database: Database) -> list[tuple[object, str]]:
    query = select(Notification.order_id, Notification.kind).order_by(Notification.kind)
    async with database.read(SYSTEM) as session:
        return [(order_id, kind) for order_id, kind in await session.execute(query)]


@pytest.mark.parametrize(("in_minutes", "count"), [(23 * HOUR, 1), (25 * HOUR, 0), (-5, 0)])
async def test_a_session_is_reminded_of_once_in_its_hours(deps, database, booked, in_minutes, count):
    session = await booked(in_minutes)

    await asyncio.gather(*(remind(deps) for _ in range(2)))
    await remind(deps)

    assert await told(database) == [(session.id, "session_reminder")] * count


@pytest.mark.parametrize("target", [S.OVERRIDDEN, S.DONE, S.ARRIVED, S.EXPIRED])
async def test_whoever_is_not_waited_for_is_not_reminded_until_they_are_again(
    deps, database, booked, place, target
):
    session = await booked(23 * HOUR)
    await move_session(database, session.id, E.OVERRIDE, place.staff, target=target, reason="Mesin rusak")
    await remind(deps)
    before = await told(database)

    await move_session(database, session.id, E.UNDO, place.staff, reason="Mesin jalan lagi")
    await remind(deps)

    assert (before, await told(database)) == ([], [(session.id, "session_reminder")])


async def test_whoever_has_their_money_back_is_not_reminded(deps, database, make, booked, place):
    session = await booked(23 * HOUR)
    await make.move(Move(OrderEvent.REFUND, place.id, SYSTEM, session.id, reason="Pelanggan sakit"))

    await remind(deps)

    assert await told(database) == []


async def test_whoever_was_just_told_the_time_of_a_session_needs_no_reminder(deps, database, booked):
    session = await booked(2 * HOUR)
    await tell_buyer(deps, session.id, "fulfil")

    await remind(deps)

    assert await told(database) == [(session.id, "session_ready")]
