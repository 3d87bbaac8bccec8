"""Whoever came, and agreed to hear from the merchant, is thanked once, where the merchant wants it."""

import asyncio

import pytest

from pesan.notifications.letters import Composers
from pesan.notifications.render import render
from pesan.notifications.states import Kind
from pesan.orders.states import OrderState
from pesan.privacy import follow_ups
from pesan.privacy.consents import ConsentCompanion, withdraw
from pesan.privacy.states import Purpose
from pesan.privacy.tasks import follow_up
from pesan.tenancy.legal.queries import list_current
from pesan.tenancy.legal.states import LegalKind
from tests.support.factories import SYSTEM

CONTACTS = {"email": "siti@contoh.id"}


@pytest.fixture
def agree(database):
    """Consent to hear from the merchant, as the booking sheet writes it."""

    async def write(order):
        async with database.write(SYSTEM) as session:
            notice = (await list_current(session, order.merchant_id))[LegalKind.PRIVACY]
        async with database.sale() as session:
            await ConsentCompanion.write_many(
                session, [ConsentCompanion(order.id, order.merchant_id, notice.id)]
            )
        return order

    return write


@pytest.fixture
async def event(make):
    return await make.event()


@pytest.fixture
async def order(make, event, agree):
    return await agree(await make.order(event, state=OrderState.COMPLETED, **CONTACTS))


@pytest.fixture
def ended(execute):
    """The event ended so long ago, at a merchant who thanks a day later unless said otherwise."""

    def set_end(interval, hours=24):
        execute(
            "UPDATE events SET ends_at = now() - %s::interval, starts_at = now() - %s::interval - interval '3 hours'",
            interval,
            interval,
        )
        execute("UPDATE merchants SET follow_up_hours = %s", hours)

    return set_end


@pytest.fixture
def thanked(execute):
    def read():
        rows = execute("SELECT order_id FROM notifications WHERE kind = 'follow_up'")
        return sorted(order_id for (order_id,) in rows)

    return read


async def test_each_buyer_who_agreed_is_thanked_once_by_however_many_workers(
    deps, database, make, event, order, agree, ended, thanked, execute, monkeypatch
):
    monkeypatch.setattr(follow_ups, "_CHUNK", 1)
    other = await agree(await make.order(event, state=OrderState.COMPLETED, **CONTACTS))
    await make.order(event, state=OrderState.COMPLETED, **CONTACTS)
    await agree(await make.order(event, state=OrderState.PAID, **CONTACTS))
    refunded = await agree(await make.order(event, state=OrderState.COMPLETED, **CONTACTS))
    execute("UPDATE orders SET state = 'REFUNDED' WHERE id = %s", refunded.id)
    regretful = await agree(await make.order(event, state=OrderState.COMPLETED, **CONTACTS))
    async with database.write(SYSTEM) as session:
        await withdraw(session, regretful, Purpose.MARKETING, actor=SYSTEM)
    ended("25 hours")

    await asyncio.gather(*(follow_up(deps) for _ in range(3)))
    await follow_up(deps)

    assert thanked() == sorted([order.id, other.id])


@pytest.mark.parametrize(
    ("ago", "hours", "status", "count"),
    [
        ("25 hours", 24, "closed", 1),
        ("23 hours", 24, "open", 0),
        ("25 hours", 0, "open", 0),
        ("25 hours", 24, "cancelled", 0),
        ("5 days", 24, "open", 0),
        ("-1 hour", 1, "open", 0),
    ],
)
async def test_thanks_go_out_in_their_hours_only(
    deps, order, ended, thanked, execute, ago, hours, status, count
):
    ended(ago, hours)
    execute("UPDATE events SET status = %s", status)

    await follow_up(deps)

    assert len(thanked()) == count


@pytest.mark.parametrize(("own", "merchants", "count"), [(2, 0, 1), (2, 48, 1), (48, 2, 0), (0, 2, 0)])
async def test_an_events_own_hours_count_before_its_merchants(
    deps, order, ended, thanked, execute, own, merchants, count
):
    ended("25 hours", merchants)
    execute("UPDATE events SET follow_up_hours = %s", own)

    await follow_up(deps)

    assert len(thanked()) == count


async def test_consent_taken_back_before_the_letter_left_counts(deps, database, order, ended):
    ended("25 hours")
    composer = deps[Composers].of(Kind.FOLLOW_UP)

    letter = await composer.compose(order.id, Kind.FOLLOW_UP)
    async with database.write(SYSTEM) as session:
        await withdraw(session, order, Purpose.MARKETING, actor=SYSTEM)

    assert letter is not None
    assert (
        f"Persetujuan itu bisa kamu cabut kapan saja di halaman pesanan {order.code}." in render(letter).text
    )
    assert await composer.compose(order.id, Kind.FOLLOW_UP) is None


def test_nobody_is_thanked_unless_the_merchant_says_so(execute, event):
    assert execute("SELECT DISTINCT follow_up_hours FROM merchants") == [(0,)]
