"""What messages cost: the card by day and window, charged once when they arrive, free ones first."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, text

from pesan.chats.cost_invariants import COST_INVARIANTS
from pesan.chats.costs import Arrived, charge, count_free_used, list_rates, read_statement
from pesan.chats.functions import FREE_SERVICE_MESSAGES
from pesan.chats.prices import Audience, preview, rate_at
from pesan.chats.records import ChatAllowance, ChatCharge
from pesan.chats.states import Category
from pesan.kit.ids import new_id
from pesan.messaging.whatsapp.inbound import Pricing
from tests.support.factories import SYSTEM

pytestmark = pytest.mark.every_postgres

SEPTEMBER = datetime(2026, 9, 30, 23, 59, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)
NUMBER = "106540352242922"


@pytest.fixture
async def rates(database):
    async with database.read(SYSTEM) as session:
        return await list_rates(session)


async def told(database, event, category, kind, at):
    """What a message was charged that arrived, and that WhatsApp told of twice."""
    one = Arrived(new_id(), event.merchant_id, event.id, Pricing(kind, category), at, NUMBER)
    again = replace(one, at=at + timedelta(seconds=5))
    async with database.write(SYSTEM) as session:
        await charge(session, [again, one])
        await charge(session, [again])
        found = await session.get_one(ChatCharge, one.message_id)
        assert found.at == at
        return found.amount


@pytest.mark.parametrize(
    ("category", "in_window", "day", "amount"),
    [
        ("marketing", False, date(2025, 6, 30), None),
        ("marketing", False, date(2025, 7, 1), Decimal("637.05")),
        ("marketing", False, date(2026, 11, 1), Decimal("637.05")),
        ("utility", False, date(2026, 7, 1), Decimal("387.5")),
        ("utility", True, date(2026, 9, 30), Decimal(0)),
        ("utility", True, date(2026, 10, 1), Decimal("387.5")),
        ("service", True, date(2026, 9, 30), Decimal(0)),
        ("service", True, date(2026, 10, 1), Decimal("387.5")),
        ("referral_conversion", False, date(2026, 10, 1), None),
    ],
)
def test_the_card_has_a_price_for_each_day(rates, category, in_window, day, amount):
    found = rate_at(rates, category, day, in_window=in_window)

    assert (found.amount if found else None) == amount


def test_an_audience_is_priced_by_whose_window_is_open(rates):
    def total(day, open_count, closed_count, free_used=0):
        return preview(
            rates,
            Audience(open_count, closed_count),
            category=Category.MARKETING,
            day=day,
            free_used=free_used,
        ).total

    assert total(date(2026, 9, 30), 40, 100) == Decimal(63705)
    assert total(date(2026, 10, 1), 40, 100) == Decimal(63705)
    assert total(date(2026, 10, 1), 40, 100, free_used=990) == Decimal(63705) + 30 * Decimal("387.5")
    assert total(date(2026, 10, 1), 0, 0) == 0


async def test_a_message_is_charged_once_when_it_arrived(database, make):
    event = await make.event()

    assert await told(database, event, "marketing", "regular", OCTOBER) == Decimal("637.05")
    assert await told(database, event, "utility", "free_customer_service", SEPTEMBER) == 0
    assert await told(database, event, "utility", "regular", OCTOBER) == Decimal("387.5")

    async with database.read(SYSTEM) as session:
        month = {"since": OCTOBER, "until": OCTOBER + timedelta(days=31)}
        lines = await read_statement(session, event.merchant_id, **month)
        assert [(line.category, line.kind, line.count, line.amount) for line in lines] == [
            ("marketing", "regular", 1, Decimal("637.05")),
            ("utility", "regular", 1, Decimal("387.5")),
        ]


async def test_the_first_thousand_answers_of_a_month_are_free(database, make):
    event = await make.event()
    await told(database, event, "service", "regular", OCTOBER)
    async with database.write(SYSTEM) as session:
        allowance = (await session.scalars(select(ChatAllowance))).one()
        allowance.used = FREE_SERVICE_MESSAGES - 1

    last_free = await told(database, event, "service", "regular", OCTOBER)
    first_paid = await told(database, event, "service", "regular", OCTOBER + timedelta(days=30))
    both = [Arrived(new_id(), None, None, Pricing("regular", "service"), OCTOBER, NUMBER) for _ in range(2)]
    async with database.write(SYSTEM) as session:
        await charge(session, both)
    next_month = await told(database, event, "service", "regular", OCTOBER + timedelta(days=31))

    assert (last_free, first_paid, next_month) == (0, Decimal("387.5"), 0)
    async with database.read(SYSTEM) as session:
        assert await count_free_used(session, OCTOBER) == FREE_SERVICE_MESSAGES + 3


async def test_the_invariants_find_a_charge_that_is_wrong(database, make, database_url):
    event = await make.event()
    await told(database, event, "marketing", "regular", OCTOBER)
    await told(database, event, "service", "regular", OCTOBER)

    async def offenders():
        async with database.read(SYSTEM) as session:
            return [len((await session.execute(text(rule.sql))).all()) for rule in COST_INVARIANTS]

    assert await offenders() == [0, 0, 0]
    async with database.write(SYSTEM) as session:
        wrong = {"merchant_id": event.merchant_id, "event_id": event.id, "at": OCTOBER, "amount": 5}
        for category, kind in (
            ("utility", "free_entry_point"),
            ("utility", "regular"),
            ("service", "regular"),
        ):
            session.add(
                ChatCharge(message_id=new_id(), category=category, kind=kind, phone_number_id=NUMBER, **wrong)
            )
    assert await offenders() == [1, 1, 1]
