"""Some tickets of an order go back: void at once, their places free, their share due; never more than came in."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from pesan.capacity.states import Bucket
from pesan.checkout import refunds
from pesan.checkout.letters import letter_composers
from pesan.checkout.refunds import Approval, refund_tickets
from pesan.checkout.returning import Part, read_part
from pesan.checkout.tasks import tell_buyer
from pesan.db import Actor
from pesan.kit.ids import new_id
from pesan.kit.money import format_rupiah
from pesan.notifications.render import render
from pesan.notifications.states import Kind
from pesan.orders.desk import SaleDesk
from pesan.orders.errors import NotYourOrder, ReasonMissing, WrongState
from pesan.orders.moves import LineWish, PromoWish, SeatWish, TypeWish
from pesan.orders.states import OrderState
from pesan.payments.refunds.errors import (
    NothingToRefund,
    NoTicketChosen,
    RefundAsked,
    RefundDecided,
    SecondPersonNeeded,
    TicketsGone,
)
from pesan.payments.refunds.queries import list_refunds
from pesan.payments.refunds.service import record_paid, request_refund, request_ticket_refund
from pesan.tickets.queries import list_tickets
from pesan.tickets.tasks import fulfil_order
from tests.payments.steps import approve, send_proof
from tests.support.database import offenders
from tests.support.factories import SYSTEM

RINA = new_id()


@pytest.fixture
def desk(deps) -> SaleDesk:
    return deps[SaleDesk]


class Sold:
    """A completed order, and what staff do to its tickets."""

    def __init__(self, order, desk: SaleDesk, database) -> None:
        self.order = order
        self.desk = desk
        self.database = database
        self.staff = Actor.staff(RINA, frozenset({order.merchant_id}))

    async def ids(self) -> list[UUID]:
        async with self.database.read(SYSTEM) as session:
            return [ticket.id for ticket in await list_tickets(session, self.order.id)]

    async def part(self, *numbers: int) -> Part:
        ids = await self.ids()
        async with self.database.read(self.staff) as session:
            return await read_part(session, self.order, [ids[number] for number in numbers])

    async def refund(self, *numbers: int, actor: Actor | None = None, **approval: Any):
        by = Approval(actor or self.staff, **approval)
        return await refund_tickets(self.desk, part=await self.part(*numbers), reason="Sakit", approval=by)

    async def refunds(self) -> list[tuple[str, int, int]]:
        async with self.database.read(SYSTEM) as session:
            found = await list_refunds(session, self.order.id)
        return [(refund.state, refund.amount, refund.weighed_amount) for refund in found]


@pytest.fixture
def sell(deps, make, desk, database, fresh):
    async def sell(event=None, **wish: Any) -> Sold:
        order = await make.order(event or await make.event(max_per_order=10), email="siti@contoh.id", **wish)
        await send_proof(make, order)
        await approve(make, order)
        await fulfil_order(deps, order.id)
        return Sold(await fresh(order), desk, database)

    return sell


def lines_of(*kinds: Any) -> tuple[LineWish, ...]:
    """One line per (type, seats or number), listed in this order."""
    ids = sorted(new_id() for _ in kinds)
    return tuple(
        LineWish(
            len(wanted) if isinstance(wanted, tuple) else wanted,
            TypeWish(kind.id, kind.pool_id),
            wanted if isinstance(wanted, tuple) else (),
            id=line_id,
        )
        for line_id, (kind, wanted) in zip(ids, kinds, strict=True)
    )


@pytest.fixture
async def three(sell) -> Sold:
    """Three tickets for Rp 450.000."""
    return await sell(quantity=3)


async def test_chosen_tickets_are_void_and_their_places_free_at_once(three, database, fresh, execute):
    moved = await three.refund(0, 2)

    assert moved.state is OrderState.COMPLETED
    assert (await fresh(three.order)).returned_quantity == 2
    states = execute("SELECT state FROM tickets ORDER BY order_line_id, number")
    assert states == [("void",), ("active",), ("void",)]
    assert execute("SELECT held, used FROM capacity_pools") == [(0, 1)]
    assert await three.refunds() == [("approved", 300_000, 300_000)]
    assert execute("SELECT account, -sum(amount) FROM ledger_entries GROUP BY account ORDER BY account") == [
        ("customer", 0),
        ("fulfilled", 150_000),
        ("received", -450_000),
        ("refund_due", 300_000),
    ]
    assert await offenders(database) == []


async def test_seat_and_type_of_a_refunded_ticket_are_sold_again(sell, make, database, execute):
    event = await make.event(capacity=5, max_per_order=5)
    seated = await make.ticket_type(event, inventory=2, is_seated=True, price_amount=200_000)
    other = await make.ticket_type(event, inventory=1, name="Lantai")
    left, right = await make.seats(seated, 2)
    seats = tuple(SeatWish(seat.id, seat.pool_id) for seat in (left, right))
    sold = await sell(event, lines=lines_of((seated, seats), (other, 1)))

    await sold.refund(0, 2)

    again = lines_of((seated, seats[:1]), (other, 1))
    assert (await make.order(event, lines=again)).state == OrderState.HOLD
    assert await sold.refunds() == [("approved", 300_000, 300_000)]
    assert await offenders(database) == []


async def test_shares_hold_discount_fees_and_tax_and_the_last_takes_the_rest(
    sell, make, database, fresh, execute
):
    event = await make.event(max_per_order=9, price_amount=33_333)
    execute("UPDATE events SET fee_amount = 2000, fee_basis_points = 250, tax_basis_points = 1100")
    promo = await make.promo(event)
    sold = await sell(event, quantity=3, promo=PromoWish(promo.id, promo.pool_id))
    total = sold.order.total_amount

    amounts = [(await sold.part(number)).amount for number in range(3)]
    for number in range(3):
        await sold.refund(number)

    assert sum(amounts) == total
    assert max(amounts) - min(amounts) <= 1
    assert [amount for _, amount, _ in await sold.refunds()] == amounts
    assert (await fresh(sold.order)).state == OrderState.REFUNDED
    assert execute("SELECT sum(held), sum(used) FROM capacity_pools") == [(0, 0)]
    assert await offenders(database) == []


async def test_whole_refund_afterwards_gives_back_only_what_is_left(three, desk, database, fresh, execute):
    await three.refund(0)

    await refunds.refund(desk, order=await fresh(three.order), actor=three.staff, reason="Sakit")

    assert await three.refunds() == [("approved", 150_000, 150_000), ("approved", 300_000, 450_000)]
    assert execute("SELECT DISTINCT state FROM tickets") == [("void",)]
    assert execute("SELECT held, used FROM capacity_pools") == [(0, 0)]
    assert await offenders(database) == []


async def test_money_again_for_an_amended_order_takes_no_place_again(three, desk, database, execute):
    await three.refund(0)

    await refunds.accept_again(desk, order=three.order, actor=three.staff, amount=150_000, reason="Mutasi")

    assert execute("SELECT bucket, sum(quantity) FROM claims GROUP BY bucket ORDER BY bucket") == [
        (Bucket.RELEASED.value, 1),
        (Bucket.USED.value, 2),
    ]
    assert await offenders(database) == []


async def test_ticket_goes_back_once(three, execute):
    part = await three.part(0)
    approval = Approval(three.staff)

    outcomes = await asyncio.gather(
        *(refund_tickets(three.desk, part=part, reason="Sakit", approval=approval) for _ in range(4)),
        return_exceptions=True,
    )

    refused = [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)]
    assert refused == [TicketsGone] * 3
    assert await three.refunds() == [("approved", 150_000, 150_000)]
    assert execute("SELECT held, used FROM capacity_pools") == [(0, 2)]
    with pytest.raises(TicketsGone):
        await three.part(0)


async def test_last_tickets_in_a_race_go_back_one_part_at_a_time(three, database):
    first, second = await three.part(0), await three.part(1, 2)
    approval = Approval(three.staff)

    outcomes = await asyncio.gather(
        *(
            refund_tickets(three.desk, part=part, reason="Sakit", approval=approval)
            for part in (first, second)
        ),
        return_exceptions=True,
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Moved", "WrongState"]
    assert await offenders(database) == []


async def test_nothing_odd_is_refunded(three, sell, make, execute):
    free = await make.event(price_amount=0, max_per_order=2)
    for_nothing = await make.order(free, quantity=2)
    with pytest.raises(NoTicketChosen):
        await three.part()
    async with three.database.read(three.staff) as session:
        with pytest.raises(TicketsGone):
            await read_part(session, three.order, [new_id()])
        with pytest.raises(TicketsGone):
            await read_part(session, for_nothing, await three.ids())
    with pytest.raises(NotYourOrder):
        await three.refund(0, actor=Actor.guest(three.order.code))
    with pytest.raises(ReasonMissing):
        await refund_tickets(three.desk, part=await three.part(0), reason=" ", approval=Approval(three.staff))

    assert execute("SELECT count(*) FROM refunds") == [(0,)]
    assert execute("SELECT DISTINCT state FROM tickets") == [("active",)]


async def test_free_ticket_alone_has_no_money_to_give_back(sell, make):
    event = await make.event(capacity=5, max_per_order=5)
    free = await make.ticket_type(event, price_amount=0, name="Anak")
    paid = await make.ticket_type(event, price_amount=90_000)
    sold = await sell(event, lines=lines_of((free, 1), (paid, 1)))

    with pytest.raises(NothingToRefund):
        await sold.part(0)
    assert (await sold.part(1)).amount == 90_000


async def test_small_steps_weigh_together(three, database):
    """Whoever may give back Rp 300.000 alone does not give back three times Rp 150.000."""
    for number in (0, 1):
        await three.refund(number, alone_up_to=300_000)

    with pytest.raises(SecondPersonNeeded):
        await three.refund(2, alone_up_to=300_000)

    assert [weighed for _, _, weighed in await three.refunds()] == [150_000, 300_000]
    assert await offenders(database) == []


async def ask(sold: Sold, *numbers: int):
    part = await sold.part(*numbers)
    async with sold.database.write(sold.staff) as session:
        return await request_ticket_refund(
            session,
            order_id=sold.order.id,
            ticket_ids=part.ticket_ids,
            amount=part.amount,
            reason="Sakit",
            actor=sold.staff,
        )


async def test_wish_changes_nothing_until_another_approves_it(three, database, execute):
    wish = await ask(three, 0, 1)
    before = execute("SELECT DISTINCT state FROM tickets")
    for again in (0, 1):
        with pytest.raises(RefundAsked):
            await ask(three, again)
    bayu = Actor.staff(new_id(), three.staff.merchant_ids)

    await three.refund(0, 1, actor=bayu, wish_id=wish.id, wished_by=wish.requested_by)

    assert before == [("active",)]
    assert await three.refunds() == [("approved", 300_000, 300_000)]
    assert execute("SELECT requested_by, approved_by FROM refunds") == [(RINA, bayu.user_id)]
    with pytest.raises(RefundDecided):  # the last one, which would take the whole order along
        await three.refund(2, actor=bayu, wish_id=wish.id)
    assert await offenders(database) == []


async def test_wish_for_the_last_tickets_takes_the_whole_order_back(three, database, fresh, execute):
    wish = await ask(three, 1, 2)
    await three.refund(0)
    bayu = Actor.staff(new_id(), three.staff.merchant_ids)

    await three.refund(1, 2, actor=bayu, wish_id=wish.id, wished_by=wish.requested_by)

    assert (await fresh(three.order)).state == OrderState.REFUNDED
    assert await three.refunds() == [
        ("declined", 300_000, 300_000),
        ("approved", 150_000, 450_000),
        ("approved", 300_000, 450_000),
    ]
    assert execute("SELECT requested_by FROM refunds WHERE ticket_ids IS NULL") == [(RINA,)]
    assert await offenders(database) == []


async def test_whole_order_takes_waiting_wishes_along(three, desk, database, fresh):
    await ask(three, 0)
    await refunds.refund(desk, order=await fresh(three.order), actor=three.staff, reason="Sakit")

    assert sorted(await three.refunds()) == [("approved", 450_000, 450_000), ("declined", 150_000, 150_000)]
    assert await offenders(database) == []


async def test_whole_wish_and_ticket_wish_exclude_each_other(three):
    async with three.database.write(three.staff) as session:
        await request_refund(session, order_id=three.order.id, reason="Sakit", actor=three.staff)

    with pytest.raises(RefundAsked):
        await ask(three, 0)


async def test_order_without_its_tickets_gives_none_back(make, desk, database):
    order = await make.order(await make.event(max_per_order=3), quantity=2)
    staff = Actor.staff(RINA, frozenset({order.merchant_id}))
    async with database.write(staff) as session:
        with pytest.raises(WrongState):
            await request_ticket_refund(
                session, order_id=order.id, ticket_ids=[new_id()], amount=1, reason="Sakit", actor=staff
            )


async def tell(deps, execute) -> list[str]:
    """Run the jobs that tell of parts that went back, twice, as they were enqueued; their occasions in that order."""
    query = "SELECT args FROM procrastinate_jobs WHERE args->>'event' = 'amend' ORDER BY id"
    jobs = [args for (args,) in execute(query)]
    for args in jobs * 2:
        await tell_buyer(deps, UUID(args["order_id"]), args["event"], args["occasion"])
    return [args["occasion"] for args in jobs]


async def test_buyer_is_told_of_each_part_and_that_its_money_went(deps, three, database, execute):
    for number in (0, 1):
        await three.refund(number)
    occasions = await tell(deps, execute)
    composer = letter_composers(deps).of(Kind.TICKETS_REFUNDED)
    letter = await composer.compose(three.order.id, Kind.TICKETS_REFUNDED, occasions[1])
    async with database.read(SYSTEM) as session:
        found = await list_refunds(session, three.order.id)
    async with database.write(three.staff) as session:
        await record_paid(
            session, found[0].id, reference="BCA 0012", actor=three.staff, four_eyes_amount=10**9
        )

    assert execute("SELECT count(*) FROM notifications WHERE kind = 'tickets_refunded'") == [(2,)]
    assert (letter.facts.amount, letter.facts.reason) == (format_rupiah(150_000), "Sakit")
    assert "Sakit" in render(letter).text
    assert letter.facts.ticket_count == 1
    assert await offenders(database) == []


async def test_buyer_is_told_of_the_part_that_was_approved_not_of_the_one_wished_for_last(
    deps, sell, execute
):
    four = await sell(quantity=4)
    wishes = [(await ask(four, 0), (0,)), (await ask(four, 1, 2), (1, 2))]
    bayu = Actor.staff(new_id(), four.staff.merchant_ids)
    for wish, numbers in wishes:
        await four.refund(*numbers, actor=bayu, wish_id=wish.id, wished_by=wish.requested_by)

    occasions = await tell(deps, execute)

    told = execute("SELECT occasion FROM notifications WHERE kind = 'tickets_refunded' ORDER BY id")
    assert told == [(occasion,) for occasion in occasions] == [(str(wish.id),) for wish, _ in wishes]
    composer = letter_composers(deps).of(Kind.TICKETS_REFUNDED)
    letters = [await composer.compose(four.order.id, Kind.TICKETS_REFUNDED, each) for each in occasions]
    assert [letter.facts.amount for letter in letters] == [format_rupiah(150_000), format_rupiah(300_000)]
