"""Orders are looked at once they reach money: what is found raises a review, and never touches the sale."""

import asyncio

import pytest
from sqlalchemy import func, select

from pesan.audit.models import AuditEntry
from pesan.db import Actor
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import LOOK_TASK, OrderEvent, OrderState
from pesan.risk.errors import ReviewNotFound
from pesan.risk.models import RiskTrace
from pesan.risk.queries import Rules
from pesan.risk.service import settle
from pesan.risk.states import ListName, Mark, ReviewState, Signal, Verdict
from tests.risk.conftest import Watch
from tests.support.factories import SYSTEM

EMAIL = "siti@contoh.id"
WA = "+6281234567890"


async def actions(watch: Watch, order: Order) -> list[str]:
    query = select(AuditEntry.action).where(AuditEntry.subject_id == order.id).order_by(AuditEntry.seq)
    async with watch.database.read(SYSTEM) as session:
        return list(await session.scalars(query))


async def test_orders_are_looked_at_when_they_reach_money_and_not_before(watch: Watch, execute):
    held = await watch.make.order(watch.event, email=EMAIL)
    before = execute(f"SELECT count(*) FROM procrastinate_jobs WHERE task_name = '{LOOK_TASK}'")
    reviewed = await watch.make.order(watch.event, email=EMAIL, state=OrderState.COMPLETED)
    await watch.make.move(Move(OrderEvent.PAY, watch.event.id, SYSTEM, held.id))

    jobs = execute(
        f"SELECT args->>'order_id' FROM procrastinate_jobs WHERE task_name = '{LOOK_TASK}' ORDER BY id"
    )
    assert before == [(0,)]
    assert [job for (job,) in jobs] == [str(reviewed.id), str(held.id)]


async def test_the_order_at_the_threshold_is_the_first_to_be_reviewed(watch: Watch):
    await watch.rules(contact_limit=3, device_limit=2)
    written = (EMAIL, "Siti+1@contoh.id", EMAIL, "SITI@contoh.id")

    orders = [await watch.order(email=email) for email in written]
    by_phone = [await watch.order(wa=WA) for _ in range(3)]
    by_device = [await watch.order(device="d" * 32) for _ in range(2)]

    three = {"count": 3, "limit": 3, "hours": 24}
    assert await watch.found(*orders) == [
        None,
        None,
        {Signal.CONTACT: three},
        {Signal.CONTACT: three | {"count": 4}},
    ]
    assert await watch.found(*by_phone) == [None, None, {Signal.CONTACT: three}]
    assert await watch.found(*by_device) == [None, {Signal.DEVICE: {"count": 2, "limit": 2, "hours": 24}}]


async def test_orders_of_one_address_are_counted(watch: Watch, execute):
    await watch.rules(address_limit=2)
    orders = [await watch.make.order(watch.event, state=OrderState.REVIEW) for _ in range(2)]
    execute("UPDATE orders SET ip_digest = 'one address'")

    for order in orders:
        await watch.look(order)

    assert await watch.found(*orders) == [None, {Signal.ADDRESS: {"count": 2, "limit": 2, "hours": 24}}]


async def test_what_is_older_than_the_window_does_not_count(watch: Watch, execute):
    await watch.rules(contact_limit=2, hours=2)
    await watch.order(email=EMAIL)
    execute("UPDATE risk_traces SET at = at - interval '2 hours 1 minute'")

    late = await watch.order(email=EMAIL)
    next_one = await watch.order(email=EMAIL)

    assert await watch.found(late, next_one) == [None, {Signal.CONTACT: {"count": 2, "limit": 2, "hours": 2}}]


async def test_of_orders_looked_at_at_once_the_last_sees_all(watch: Watch):
    await watch.rules(contact_limit=3)
    orders = [await watch.make.order(watch.event, email=EMAIL, state=OrderState.REVIEW) for _ in range(3)]

    await asyncio.gather(*(watch.look(order) for order in orders))

    found = [signals for signals in await watch.found(*orders) if signals]
    assert found
    assert {signals[Signal.CONTACT]["count"] for signals in found} == {3}


async def test_looked_at_again_an_order_counts_once_and_raises_nothing_new(watch: Watch):
    await watch.rules(contact_limit=2)
    first, second = await watch.order(email=EMAIL), await watch.order(email=EMAIL)

    await watch.look(second)
    await watch.look(first)

    assert [review.signals[Signal.CONTACT]["count"] for review in await watch.reviews()] == [2, 2]
    assert (await actions(watch, second)).count("order:risk:raised") == 1


async def test_another_merchants_orders_and_lists_never_count(watch: Watch):
    other = await watch.make.event(capacity=100)
    for event in (watch.event, other):
        await watch.rules(event, contact_limit=2)
    await watch.put(ListName.BLOCK, Mark.EMAIL, EMAIL, other)
    await watch.put(ListName.ALLOW, Mark.EMAIL, "budi@contoh.id", other)
    await watch.order(other, email=EMAIL)

    mine = await watch.order(email=EMAIL)
    budis = [await watch.order(email="budi@contoh.id") for _ in range(2)]

    assert await watch.found(mine, *budis) == [
        None,
        None,
        {Signal.CONTACT: {"count": 2, "limit": 2, "hours": 24}},
    ]


@pytest.mark.parametrize(
    ("mark", "value", "wish"),
    [
        (Mark.EMAIL, "Siti+konser@contoh.id", {"email": EMAIL}),
        (Mark.PHONE, WA, {"wa": WA}),
        (Mark.DOMAIN, "contoh.id", {"email": EMAIL}),
        (Mark.NETWORK, "n" * 32, {"network": "n" * 32}),
        (Mark.DEVICE, "d" * 32, {"device": "d" * 32}),
    ],
)
async def test_a_blocked_buyer_buys_and_is_reviewed(watch: Watch, mark: Mark, value: str, wish: dict):
    await watch.put(ListName.BLOCK, mark, value)

    order = await watch.order(**wish, state=OrderState.COMPLETED)
    other = await watch.order(email="budi@example.com", wa="+6281200000000", device="e" * 32)

    assert order.state == OrderState.COMPLETED
    assert await watch.found(order, other) == [{Signal.BLOCKED: {"marks": [mark.value]}}, None]


async def test_a_review_changes_nothing_about_its_order(watch: Watch):
    await watch.put(ListName.BLOCK, Mark.EMAIL, EMAIL)
    before = await watch.make.order(watch.event, email=EMAIL, state=OrderState.REVIEW)

    await watch.look(before)

    async with watch.database.read(SYSTEM) as session:
        after = await session.get_one(Order, before.id)
    kept = [name for name in Order.__table__.columns.keys() if not name.startswith("audit_")]  # noqa: SIM118
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert (await actions(watch, before))[-1] == "order:risk:raised"


async def test_whoever_is_trusted_is_not_reviewed_though_they_are_blocked_too(watch: Watch):
    await watch.rules(contact_limit=2)
    await watch.put(ListName.BLOCK, Mark.DOMAIN, "contoh.id")
    await watch.put(ListName.ALLOW, Mark.EMAIL, EMAIL)

    trusted = [await watch.order(email=EMAIL) for _ in range(3)]
    blocked = await watch.order(email="budi@contoh.id")

    assert await watch.found(*trusted, blocked) == [None] * 3 + [{Signal.BLOCKED: {"marks": ["domain"]}}]


async def test_a_review_is_settled_once_under_two_clicks_at_once(watch: Watch):
    await watch.put(ListName.BLOCK, Mark.EMAIL, EMAIL)
    order = await watch.order(email=EMAIL)
    people = [Actor.staff(order.id, frozenset([order.merchant_id])) for _ in range(2)]

    async def click(actor: Actor, verdict: Verdict) -> None:
        async with watch.database.write(actor) as session:
            await settle(session, order.id, verdict=verdict, note="Sudah ditelepon", actor=actor)

    outcomes = await asyncio.gather(*map(click, people, Verdict), return_exceptions=True)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "ReviewSettled"]
    won = list(Verdict)[outcomes.index(None)]
    (review,) = await watch.reviews()
    assert (review.state, review.verdict, review.note) == ("settled", won, "Sudah ditelepon")
    assert [action for action in await actions(watch, order) if action.startswith("order:risk:")] == [
        "order:risk:raised",
        f"order:risk:{won}",
    ]


async def test_another_signal_opens_a_settled_review_again(watch: Watch):
    await watch.rules(contact_limit=2)
    await watch.order(email=EMAIL)
    order = await watch.order(email=EMAIL)
    async with watch.database.write(SYSTEM) as session:
        await settle(session, order.id, verdict=Verdict.FINE, note="Rombongan", actor=SYSTEM)
    await watch.look(order)
    same = [(review.state, review.note) for review in await watch.reviews()]

    await watch.put(ListName.BLOCK, Mark.EMAIL, EMAIL)
    await watch.look(order)

    (review,) = await watch.reviews()
    assert same == [("settled", "Rombongan")]
    assert (review.state, review.verdict, review.note) == (ReviewState.OPEN, None, None)
    assert set(review.signals) == {Signal.CONTACT, Signal.BLOCKED}


async def test_nobody_settles_what_is_not_theirs(watch: Watch):
    await watch.put(ListName.BLOCK, Mark.EMAIL, EMAIL)
    order = await watch.order(email=EMAIL)
    strangers = [Actor.guest(order.code), Actor.staff(order.id, frozenset([watch.event.id]))]

    for actor in strangers:
        with pytest.raises(ReviewNotFound):
            async with watch.database.write(actor) as session:
                await settle(session, order.id, verdict=Verdict.FINE, note="x", actor=actor)

    assert [review.state for review in await watch.reviews()] == ["open"]


async def test_defaults_hold_where_a_merchant_said_nothing(watch: Watch):
    orders = [await watch.order(email=EMAIL) for _ in range(Rules().contact_limit)]

    assert [signals is not None for signals in await watch.found(*orders)] == [
        False,
        False,
        False,
        False,
        True,
    ]
    async with watch.database.read(SYSTEM) as session:
        assert await session.scalar(select(func.count()).select_from(RiskTrace)) == 5
