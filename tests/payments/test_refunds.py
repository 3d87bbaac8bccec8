"""Money goes back once, by whoever may, and the list of refunds says what the ledger says."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from pesan.db import Actor, Database
from pesan.errors import PesanError
from pesan.kit.ids import new_id
from pesan.orders.desk import SaleDesk
from pesan.orders.errors import WrongState
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments import RefundCause, RefundCompanion, RefundDueCompanion, ledger
from pesan.payments.refunds import service
from pesan.payments.refunds.errors import (
    ApprovalNeeded,
    NothingToRefund,
    ReferenceMissing,
    RefundAsked,
    RefundDecided,
    RefundNotFound,
    SecondPersonNeeded,
)
from pesan.payments.refunds.levels import refund_levels
from pesan.payments.refunds.models import IS_OWED, Refund
from pesan.payments.refunds.queries import list_refunds
from pesan.payments.refunds.states import (
    OPEN,
    TRANSITIONS,
    RefundEvent,
    RefundState,
    find_transition,
    is_owed,
)
from pesan.payments.states import Account
from pesan.realtime import Hub
from tests.payments.steps import approve, offenders, send_proof
from tests.support.factories import SYSTEM, Make

FOUR_EYES = 100_000
SMALL_ENOUGH = 150_000
RINA, BAYU = new_id(), new_id()


@pytest.mark.parametrize("state", RefundState)
@pytest.mark.parametrize("event", RefundEvent)
def test_transition_of_every_pair_is_the_tables_or_none(state: RefundState, event: RefundEvent) -> None:
    wanted = {
        ("requested", "approve"): "approved",
        ("requested", "decline"): "declined",
        ("approved", "pay"): "paid",
        ("approved", "fail"): "failed",
        ("failed", "approve"): "failed",
        ("failed", "pay"): "paid",
        ("paid", "return"): "failed",
    }

    assert find_transition(state, event) == wanted.get((state.value, event.value))


def test_only_open_refunds_and_those_that_may_come_back_have_a_way_on() -> None:
    assert {state for state, _ in TRANSITIONS} == OPEN | {RefundState.PAID}


async def paid(make: Make, *, fulfilled: bool = False) -> Order:
    order = await make.order(email="siti@contoh.id")
    await send_proof(make, order)
    await approve(make, order)
    if fulfilled:
        await make.move(Move(OrderEvent.FULFIL, order.event_id, SYSTEM, order.id))
    return order


def came_again(order: Order, *, by: UUID | None, amount: int) -> Move:
    due = RefundDueCompanion(order.id, order.merchant_id, amount, RefundCause.PAID_AGAIN, "Mutasi 21 Nov", by)
    return Move(OrderEvent.PAY_AGAIN, order.event_id, SYSTEM, order.id, companions=(due,))


async def pay_again(make: Make, order: Order, *, by: UUID | None = RINA, amount: int = 150_000) -> Refund:
    await make.move(came_again(order, by=by, amount=amount))
    return (await refunds_of(make._database, order))[-1]


async def test_money_that_came_again_twice_in_one_group_keeps_who_saw_which(make: Make, database: Database):
    order = await paid(make)
    desk = SaleDesk(database, Hub())

    await desk.submit_all(
        [came_again(order, by=RINA, amount=90_000), came_again(order, by=BAYU, amount=60_000)]
    )

    assert {refund.amount: refund.requested_by for refund in await refunds_of(database, order)} == {
        90_000: RINA,
        60_000: BAYU,
    }


async def take_back(make: Make, order: Order, *, cause: RefundCause = RefundCause.ASKED) -> None:
    money = RefundCompanion(order.id, order.merchant_id, cause, "Sakit", RINA, BAYU)
    await make.move(
        Move(OrderEvent.REFUND, order.event_id, SYSTEM, order.id, reason="Sakit", companions=(money,))
    )


async def refunds_of(database: Database, order: Order) -> list[Refund]:
    async with database.read(SYSTEM) as session:
        return list(await list_refunds(session, order.id))


async def balances(database: Database, order: Order) -> dict[Account, int]:
    async with database.read(SYSTEM) as session:
        found = await ledger.get_balances(session, order.id)
    return {account: amount for account, amount in found.items() if amount}


def staff(order: Order, user_id: UUID = RINA) -> Actor:
    return Actor.staff(user_id, frozenset({order.merchant_id}))


async def pay(
    database: Database, refund: Refund, actor: Actor, *, up_to: int = SMALL_ENOUGH, reference: str = "TRX 001"
) -> Refund:
    async with database.write(actor) as session:
        return await service.record_paid(
            session, refund.id, reference=reference, actor=actor, four_eyes_amount=up_to
        )


async def let_go(database: Database, refund: Refund, actor: Actor, *, up_to: int = FOUR_EYES) -> Refund:
    async with database.write(actor) as session:
        return await service.approve_refund(session, refund.id, actor=actor, four_eyes_amount=up_to)


async def test_money_again_is_due_back_and_leaves_the_order_as_it_is(
    make: Make, database: Database, owner: AsyncEngine
) -> None:
    order = await paid(make)
    async with owner.begin() as connection:
        await connection.execute(text("UPDATE orders SET state_changed_at = now() - interval '1 day'"))

    refund = await pay_again(make, order, amount=155_000)

    async with database.read(SYSTEM) as session:
        after = await session.get_one(Order, order.id)
        changed_today = await session.scalar(
            select(Order.state_changed_at > func.now() - text("interval '1 hour'"))
        )
    assert (after.state, after.ended_at, changed_today) == (OrderState.PAID, None, False)
    assert (refund.cause, refund.state, refund.amount, refund.requested_by) == (
        "paid_again",
        "requested",
        155_000,
        RINA,
    )
    assert await balances(database, order) == {
        Account.RECEIVED: 305_000,
        Account.CUSTOMER: 150_000,
        Account.REFUND_DUE: 155_000,
    }
    assert await offenders(database) == {}


@pytest.mark.parametrize("fulfilled", [False, True])
async def test_order_taken_back_owes_all_its_money(make: Make, database: Database, fulfilled: bool) -> None:
    order = await paid(make)
    if fulfilled:
        from tests.payments.steps import fulfil

        await fulfil(make, order)

    await take_back(make, order)

    (refund,) = await refunds_of(database, order)
    assert (refund.state, refund.cause, refund.amount) == ("approved", "asked", 150_000)
    assert (refund.requested_by, refund.approved_by, refund.reason) == (RINA, BAYU, "Sakit")
    assert await balances(database, order) == {Account.RECEIVED: 150_000, Account.REFUND_DUE: 150_000}
    assert await offenders(database) == {}


async def test_free_order_taken_back_owes_nothing(make: Make, database: Database) -> None:
    order = await make.order(await make.event(price_amount=0))

    await take_back(make, order)

    assert await refunds_of(database, order) == []
    assert await offenders(database) == {}


async def test_small_refund_is_sent_by_one_person(
    make: Make, database: Database, web_database: Database, owner: AsyncEngine
) -> None:
    order = await paid(make)
    refund = await pay_again(make, order)

    await pay(web_database, refund, staff(order), reference="  BCA  0012  ")

    (after,) = await refunds_of(database, order)
    assert (after.state, after.reference) == ("paid", "BCA 0012")
    assert (after.approved_by, after.paid_by) == (RINA, RINA)
    assert await balances(database, order) == {
        Account.RECEIVED: 300_000,
        Account.CUSTOMER: 150_000,
        Account.REFUNDED: 150_000,
    }
    async with owner.connect() as connection:
        query = text(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'checkout.tell_of_refund'"
            f" AND args ->> 'refund_id' = '{refund.id}'"
        )
        assert await connection.scalar(query) == 1
    assert await offenders(database) == {}


async def test_refund_that_was_sent_is_not_sent_again(
    make: Make, database: Database, web_database: Database
) -> None:
    order = await paid(make)
    refund = await pay_again(make, order)
    await pay(web_database, refund, staff(order))
    before = await balances(database, order)

    with pytest.raises(RefundDecided):
        await pay(web_database, refund, staff(order, BAYU), reference="TRX 002")

    (after,) = await refunds_of(database, order)
    assert (after.reference, after.paid_by) == ("TRX 001", RINA)
    assert await balances(database, order) == before


@pytest.mark.parametrize("reference", ["", "  ", "ab", "x" * 101])
async def test_refund_names_its_transfer(
    make: Make, database: Database, web_database: Database, reference: str
) -> None:
    order = await paid(make)
    refund = await pay_again(make, order)

    with pytest.raises(ReferenceMissing):
        await pay(web_database, refund, staff(order), reference=reference)

    assert [found.state for found in await refunds_of(database, order)] == ["requested"]


async def test_large_refund_takes_two_people(make: Make, database: Database, web_database: Database) -> None:
    order = await paid(make)
    refund = await pay_again(make, order)
    rina, bayu = staff(order), staff(order, BAYU)

    with pytest.raises(ApprovalNeeded):
        await pay(web_database, refund, rina, up_to=FOUR_EYES)
    with pytest.raises(SecondPersonNeeded):
        await let_go(web_database, refund, rina)
    assert [found.state for found in await refunds_of(database, order)] == ["requested"]
    await let_go(web_database, refund, bayu)
    with pytest.raises(RefundDecided):
        await let_go(web_database, refund, bayu)
    await pay(web_database, refund, rina, up_to=FOUR_EYES)

    (after,) = await refunds_of(database, order)
    assert (after.state, after.requested_by, after.approved_by, after.paid_by) == ("paid", RINA, BAYU, RINA)
    assert await offenders(database) == {}


async def test_large_refund_that_nobody_asked_for_is_sent_by_another_than_who_approved(
    make: Make, database: Database, web_database: Database
) -> None:
    order = await paid(make)
    refund = await pay_again(make, order, by=None)
    await let_go(web_database, refund, staff(order))

    with pytest.raises(SecondPersonNeeded):
        await pay(web_database, refund, staff(order), up_to=FOUR_EYES)
    await pay(web_database, refund, staff(order, BAYU), up_to=FOUR_EYES)

    assert [found.paid_by for found in await refunds_of(database, order)] == [BAYU]


async def test_large_refund_that_its_provider_could_not_send_takes_two_people(
    make: Make, database: Database, web_database: Database, owner: AsyncEngine
) -> None:
    order = await paid(make)
    refund = await pay_again(make, order, by=None)
    async with owner.begin() as connection:
        failed = "state = 'failed', method = 'gateway', failure = 'refused', approved_at = now()"
        await connection.execute(text(f"UPDATE refunds SET {failed}"))
    rina, bayu = staff(order), staff(order, BAYU)

    with pytest.raises(ApprovalNeeded):
        await pay(web_database, refund, rina, up_to=FOUR_EYES)
    assert [found.state for found in await refunds_of(database, order)] == ["failed"]
    await let_go(web_database, refund, rina)
    with pytest.raises(RefundDecided):
        await let_go(web_database, refund, bayu)
    with pytest.raises(SecondPersonNeeded):
        await pay(web_database, refund, rina, up_to=FOUR_EYES)
    await pay(web_database, refund, bayu, up_to=FOUR_EYES)

    (after,) = await refunds_of(database, order)
    assert (after.state, after.approved_by, after.paid_by) == ("paid", RINA, BAYU)
    assert await offenders(database) == {}


async def ask(database: Database, order: Order, actor: Actor | None = None) -> Refund:
    who = actor or staff(order)
    async with database.write(who) as session:
        return await service.request_refund(session, order_id=order.id, reason="Sakit", actor=who)


async def test_wish_changes_nothing_until_it_is_approved(
    make: Make, database: Database, web_database: Database
) -> None:
    order = await paid(make)

    wish = await ask(web_database, order)
    with pytest.raises(RefundAsked):
        await ask(web_database, order)
    before = await balances(database, order)
    assert await offenders(database) == {}
    await take_back(make, order)

    (refund,) = await refunds_of(database, order)
    assert before == {Account.RECEIVED: 150_000, Account.CUSTOMER: 150_000}
    assert (refund.id, refund.state) == (wish.id, "approved")
    assert (refund.requested_by, refund.approved_by) == (RINA, BAYU)
    assert await offenders(database) == {}


async def test_wish_of_a_cancelled_event_is_owed_and_keeps_who_asked(
    make: Make, database: Database, web_database: Database
) -> None:
    order = await paid(make)
    await ask(web_database, order)

    await take_back(make, order, cause=RefundCause.EVENT_CANCELLED)

    (refund,) = await refunds_of(database, order)
    assert (refund.cause, refund.state, refund.requested_by) == ("event_cancelled", "requested", RINA)
    assert await offenders(database) == {}


async def test_declined_wish_leaves_the_order_and_can_be_asked_for_again(
    make: Make, database: Database, web_database: Database
) -> None:
    order = await paid(make)
    wish = await ask(web_database, order)
    bayu = staff(order, BAYU)

    async with web_database.write(bayu) as session:
        await service.decline_refund(session, wish.id, reason="Sudah masuk", actor=bayu)
    again = await ask(web_database, order)

    states = {refund.id: refund.state for refund in await refunds_of(database, order)}
    assert states == {wish.id: "declined", again.id: "requested"}
    assert await offenders(database) == {}


async def test_owed_money_cannot_be_declined(make: Make, database: Database, web_database: Database) -> None:
    order = await paid(make)
    refund = await pay_again(make, order)
    rina = staff(order)

    with pytest.raises(RefundDecided):
        async with web_database.write(rina) as session:
            await service.decline_refund(session, refund.id, reason="Tidak mau", actor=rina)

    assert [found.state for found in await refunds_of(database, order)] == ["requested"]


@pytest.mark.parametrize(
    ("state", "error"), [(OrderState.HOLD, WrongState), (OrderState.COMPLETED, NothingToRefund)]
)
async def test_wish_needs_an_order_with_money(
    make: Make, database: Database, web_database: Database, state: OrderState, error: type[PesanError]
) -> None:
    order = await make.order(state=state)  # completed, and nobody paid

    with pytest.raises(error):
        await ask(web_database, order)

    assert await refunds_of(database, order) == []


async def test_every_step_is_in_the_orders_audit(
    make: Make, database: Database, web_database: Database, owner: AsyncEngine
) -> None:
    order = await paid(make)
    refund = await pay_again(make, order)
    await let_go(web_database, refund, staff(order, BAYU))
    await pay(web_database, refund, staff(order), up_to=FOUR_EYES)

    async with owner.connect() as connection:
        rows = await connection.execute(
            text(
                "SELECT action, actor_id FROM audit_entries WHERE subject_id = :id ORDER BY seq DESC LIMIT 3"
            ),
            {"id": order.id},
        )
        assert [tuple(row) for row in rows] == [
            ("order:refund:paid", RINA),
            ("order:refund:approved", BAYU),
            ("order:payment:paid_again", None),
        ]


async def test_refunds_are_their_merchants_only(
    make: Make, database: Database, web_database: Database
) -> None:
    order, other = await paid(make), await paid(make)
    refund = await pay_again(make, order)
    await pay_again(make, other)
    actors = {
        "staff": staff(order),
        "admin": Actor.staff(new_id(), frozenset(), is_platform_admin=True),
        "buyer": Actor.guest(order.code),
        "anybody": Actor.guest(),
    }

    seen = {}
    for name, actor in actors.items():
        async with web_database.read(actor) as session:
            seen[name] = await session.scalar(select(func.count()).select_from(Refund))

    assert seen == {"staff": 1, "admin": 2, "buyer": 1, "anybody": 0}
    with pytest.raises(RefundNotFound):
        await pay(web_database, refund, staff(other))
    assert [found.state for found in await refunds_of(database, order)] == ["requested"]


_REFUND = (
    "INSERT INTO refunds (id, merchant_id, order_id, amount, cause, state)"
    " VALUES (gen_random_uuid(), :merchant_id, :order_id, 5, :cause, :state)"
)
_CAPTURE = (
    "INSERT INTO ledger_entries (id, transaction_id, merchant_id, order_id, source_id, account, amount, reason)"
    " VALUES (gen_random_uuid(), gen_random_uuid(), :merchant_id, :order_id, gen_random_uuid(), 'received', 5,"
    " 'capture')"
)


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        (_REFUND, {"cause": "paid_late", "state": "requested"}),
        (_REFUND, {"cause": "asked", "state": "approved"}),
        ("UPDATE refunds SET amount = 1", {}),
        ("UPDATE refunds SET requested_by = NULL", {}),
        ("DELETE FROM refunds", {}),
        (_CAPTURE, {}),
    ],
)
async def test_staff_cannot_write_what_only_the_gate_may(
    make: Make, web_database: Database, statement: str, values: dict[str, Any]
) -> None:
    order = await paid(make)
    await pay_again(make, order)
    about = {"merchant_id": order.merchant_id, "order_id": order.id} if "INSERT" in statement else {}

    with pytest.raises(DBAPIError, match=r"permission denied|row-level security"):
        async with web_database.write(staff(order)) as session:
            await session.execute(text(statement), {**about, **values})


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        (
            "refunds.cover_what_is_due",
            "UPDATE refunds SET amount = amount + 1, weighed_amount = weighed_amount + 1",
        ),
        ("refunds.cover_what_is_due", "DELETE FROM refunds"),
        (
            "refunds.paid_once",
            "UPDATE refunds SET state = 'paid', approved_at = now(), paid_at = now(), reference = 'x'",
        ),
        ("refunds.whole_orders_end", "UPDATE refunds SET payment_id = NULL"),
    ],
)
async def test_invariants_name_refunds_that_went_astray(
    make: Make, database: Database, owner: AsyncEngine, name: str, statement: str
) -> None:
    await pay_again(make, await paid(make))
    assert await offenders(database) == {}

    async with owner.begin() as connection:
        await connection.execute(text(statement))

    assert name in await offenders(database)


async def test_what_is_owed_is_the_same_in_both_languages(database: Database) -> None:
    wanted = {(state, cause): is_owed(state, cause) for state in RefundState for cause in RefundCause}

    async with database.read(SYSTEM) as session:
        found = {}
        for state, cause in wanted:
            row = f"SELECT {IS_OWED} FROM (SELECT '{state}' AS state, '{cause}' AS cause) r"
            found[state, cause] = await session.scalar(text(row))

    assert found == wanted


async def test_levels_tell_how_many_wait_and_for_how_long(
    make: Make, web_database: Database, owner: AsyncEngine
) -> None:
    order = await paid(make)
    refund = await pay_again(make, order)
    sent = await pay_again(make, order)
    await pay(web_database, sent, staff(order))
    async with owner.begin() as connection:
        await connection.execute(text("UPDATE refunds SET requested_at = now() - interval '4 days'"))

    counted, oldest, failed = [level.readings[0][1] for level in await refund_levels(web_database)()]

    assert refund.id != sent.id
    assert (counted, failed) == (1, 0)
    assert 4 * 86_400 <= oldest < 4 * 86_400 + 60


async def test_levels_without_refunds_are_zero(web_database: Database) -> None:
    levels = await refund_levels(web_database)()

    assert [(level.name, level.readings) for level in levels] == [
        ("refunds_due", [({}, 0.0)]),
        ("refunds_due_oldest_seconds", [({}, 0.0)]),
        ("refunds_failed", [({}, 0.0)]),
    ]
