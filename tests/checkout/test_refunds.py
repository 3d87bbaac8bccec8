"""An order that is taken back: tickets void at once, places for sale again, the buyer told of every step."""

import pytest

from pesan.app.modules import list_invariants
from pesan.checkout import refunds, service
from pesan.checkout.letters import letter_composers
from pesan.checkout.tasks import tell_buyer, tell_of_refund
from pesan.db import Actor
from pesan.kit.ids import new_id
from pesan.kit.money import format_rupiah
from pesan.notifications.render import render
from pesan.notifications.states import Kind
from pesan.orders.desk import SaleDesk
from pesan.orders.errors import NotYourOrder, WrongState
from pesan.orders.moves import LineWish, PromoWish, SeatWish, TypeWish
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments.refunds.errors import RefundDecided
from pesan.payments.refunds.queries import list_refunds
from pesan.payments.refunds.service import decline_refund, record_paid, request_refund
from pesan.tickets.tasks import fulfil_order
from tests.payments.steps import approve, send_proof
from tests.support.database import offenders
from tests.support.factories import SYSTEM

CONTACTS = {"email": "siti@contoh.id"}


@pytest.fixture
def desk(deps) -> SaleDesk:
    return deps[SaleDesk]


@pytest.fixture
async def sold(deps, make, fresh):
    """A completed order with its ticket, whose money was earned."""
    order = await make.order(**CONTACTS)
    await send_proof(make, order)
    await approve(make, order)
    await fulfil_order(deps, order.id)
    return await fresh(order)


def staff(order):
    return Actor.staff(new_id(), frozenset({order.merchant_id}))


async def pay(database, order, reference="BCA 0012"):
    async with database.read(SYSTEM) as session:
        refund = (await list_refunds(session, order.id))[-1]
    actor = staff(order)
    async with database.write(actor) as session:
        await record_paid(session, refund.id, reference=reference, actor=actor, four_eyes_amount=10**9)
    return refund


async def letter_of(deps, order, kind, occasion=""):
    return await letter_composers(deps).of(kind).compose(order.id, kind, occasion)


async def test_refund_voids_tickets_and_returns_places_at_once(desk, database, sold, fresh, execute):
    moved = await refunds.refund(desk, order=sold, actor=staff(sold), reason="Sakit")

    assert moved.state is OrderState.REFUNDED
    assert execute("SELECT state, voided_at IS NOT NULL FROM tickets") == [("void", True)]
    assert execute("SELECT held, used FROM capacity_pools") == [(0, 0)]
    assert execute("SELECT state, cause, amount FROM refunds") == [("approved", "asked", 150_000)]
    assert await offenders(database) == []


async def test_place_of_a_refunded_order_is_sold_again(desk, make, database, fresh):
    event = await make.event(capacity=1)
    order = await make.order(event)
    await send_proof(make, order)
    await approve(make, order)
    await refunds.refund(desk, order=await fresh(order), actor=SYSTEM, reason="Sakit")

    again = await make.order(event)

    assert again.state == OrderState.HOLD
    assert await offenders(database) == []


async def test_seat_and_promo_code_of_a_refunded_order_are_free_again(desk, make, database, fresh, execute):
    event = await make.event(capacity=5)
    offer = await make.ticket_type(event, inventory=5, is_seated=True)
    (seat,) = await make.seats(offer)
    promo = await make.promo(event, max_uses=1)

    def wish():
        seats = (SeatWish(seat.id, seat.pool_id),)
        lines = (LineWish(1, TypeWish(offer.id, offer.pool_id), seats),)
        return {"lines": lines, "promo": PromoWish(promo.id, promo.pool_id)}

    order = await make.order(event, **wish())
    await send_proof(make, order)
    await approve(make, order)

    await refunds.refund(desk, order=await fresh(order), actor=SYSTEM, reason="Sakit")

    assert execute("SELECT sum(held), sum(used) FROM capacity_pools") == [(0, 0)]
    assert (await make.order(event, **wish())).state == OrderState.HOLD
    assert await offenders(database) == []


async def test_refund_is_for_the_merchants_staff(desk, sold, fresh, execute):
    for actor in (Actor.guest(sold.code), Actor.staff(new_id(), frozenset({new_id()}))):
        with pytest.raises(NotYourOrder):
            await refunds.refund(desk, order=sold, actor=actor, reason="Sakit")

    assert (await fresh(sold)).state == OrderState.COMPLETED
    assert execute("SELECT state FROM tickets") == [("active",)]
    assert execute("SELECT count(*) FROM refunds") == [(0,)]


async def test_refund_happens_once(desk, sold, execute):
    await refunds.refund(desk, order=sold, actor=SYSTEM, reason="Sakit")

    with pytest.raises(WrongState):
        await refunds.refund(desk, order=sold, actor=SYSTEM, reason="Sakit")

    assert execute("SELECT count(*) FROM refunds") == [(1,)]


async def test_wish_that_was_declined_meanwhile_takes_nothing_back(desk, database, sold, fresh, execute):
    asker = staff(sold)
    async with database.write(asker) as session:
        wish = await request_refund(session, order_id=sold.id, reason="Sakit", actor=asker)
    async with database.write(asker) as session:
        await decline_refund(session, wish.id, reason="Tidak jadi", actor=asker)

    with pytest.raises(RefundDecided):
        await refunds.refund(desk, order=sold, actor=SYSTEM, reason="Sakit", wish_id=wish.id)

    assert (await fresh(sold)).state == OrderState.COMPLETED
    assert execute("SELECT state FROM tickets") == [("active",)]
    assert execute("SELECT id, state FROM refunds") == [(wish.id, "declined")]
    assert await offenders(database) == []


async def test_order_that_was_refunded_before_its_ticket_gets_none(
    deps, desk, make, fresh, execute, database
):
    order = await make.order()
    await send_proof(make, order)
    await approve(make, order)
    await refunds.refund(desk, order=await fresh(order), actor=SYSTEM, reason="Sakit")

    await fulfil_order(deps, order.id)

    assert (await fresh(order)).state == OrderState.REFUNDED
    assert execute("SELECT count(*) FROM tickets") == [(0,)]
    assert await offenders(database) == []


@pytest.mark.parametrize("is_refunded", [False, True])
async def test_money_again_is_due_back_whatever_became_of_the_order(
    desk, database, sold, fresh, execute, is_refunded
):
    if is_refunded:
        await refunds.refund(desk, order=sold, actor=SYSTEM, reason="Sakit")
    before = (await fresh(sold)).state

    await refunds.accept_again(desk, order=sold, actor=staff(sold), amount=150_123, reason="Mutasi 21 Nov")

    assert (await fresh(sold)).state == before
    assert execute("SELECT cause, amount FROM refunds WHERE payment_id IS NOT NULL") == [
        ("paid_again", 150_123)
    ]
    assert execute("SELECT state FROM tickets") == [("void" if is_refunded else "active",)]
    assert await offenders(database) == []


async def test_late_money_without_a_place_is_listed(desk, make, database, execute):
    event = await make.event(capacity=1)
    order = await make.order(event, state=OrderState.CANCELLED)
    await make.order(event, state=OrderState.REVIEW)

    await service.accept_late(desk, order=order, actor=SYSTEM, reason="Mutasi 21 Nov")

    assert execute("SELECT order_id, cause, state, amount FROM refunds") == [
        (order.id, "paid_late", "requested", 150_000)
    ]
    assert await offenders(database) == []


async def test_buyer_is_told_that_the_booking_goes_back_and_that_the_money_went(
    deps, desk, database, sold, execute
):
    await refunds.refund(desk, order=sold, actor=staff(sold), reason="Panitia sakit")
    for _ in range(2):
        await tell_buyer(deps, sold.id, OrderEvent.REFUND.value)
    due = await letter_of(deps, sold, Kind.TAKEN_BACK)
    refund = await pay(database, sold)
    for _ in range(2):
        await tell_of_refund(deps, refund.id)
    sent = await letter_of(deps, sold, Kind.REFUNDED)

    told = execute(
        "SELECT kind, occasion FROM notifications WHERE kind <> 'ticket_ready' ORDER BY created_at"
    )
    assert told == [("taken_back", ""), ("refunded", str(refund.id))]
    assert (due.facts.amount, due.facts.reason) == (format_rupiah(150_000), "Panitia sakit")
    assert "Panitia sakit" in render(due).text
    assert (sent.facts.amount, sent.facts.reference) == (format_rupiah(150_000), "BCA 0012")
    assert "BCA" in render(sent).text
    assert await letter_of(deps, sold, Kind.TAKEN_BACK) is None


async def test_buyer_is_told_of_each_time_that_money_is_due_back(deps, desk, database, sold, execute):
    for amount in (150_000, 25_000):
        await refunds.accept_again(desk, order=sold, actor=SYSTEM, amount=amount, reason="Catatan petugas")
        for _ in range(2):
            await tell_buyer(deps, sold.id, OrderEvent.PAY_AGAIN.value)

    letter = await letter_of(deps, sold, Kind.REFUND_DUE)

    assert execute("SELECT count(*) FROM notifications WHERE kind = 'refund_due'") == [(2,)]
    assert (letter.facts.amount, letter.facts.reason) == (format_rupiah(175_000), "")
    assert "Catatan petugas" not in render(letter).text


async def test_letter_of_sent_money_speaks_of_the_transfer_that_was_last(deps, desk, database, sold, execute):
    for amount in (25_000, 30_000):
        await refunds.accept_again(desk, order=sold, actor=SYSTEM, amount=amount, reason="Mutasi")
    await pay(database, sold, "BCA 0030")
    execute("UPDATE refunds SET requested_at = now() WHERE amount = 25000")
    await pay(database, sold, "BCA 0025")
    execute("UPDATE refunds SET requested_at = now() - interval '1 day' WHERE amount = 25000")

    letter = await letter_of(deps, sold, Kind.REFUNDED)

    assert (letter.facts.amount, letter.facts.reference) == (format_rupiah(25_000), "BCA 0025")


async def test_letters_of_money_sent_one_after_the_other_speak_of_one_each(
    deps, desk, database, sold, execute
):
    for amount, reference in ((25_000, "BCA 0025"), (30_000, "BCA 0030")):
        await refunds.accept_again(desk, order=sold, actor=SYSTEM, amount=amount, reason="Mutasi")
        await tell_of_refund(deps, (await pay(database, sold, reference)).id)

    occasions = execute("SELECT occasion FROM notifications WHERE kind = 'refunded' ORDER BY created_at")
    letters = [await letter_of(deps, sold, Kind.REFUNDED, occasion) for (occasion,) in occasions]

    assert [(letter.facts.amount, letter.facts.reference) for letter in letters] == [
        (format_rupiah(25_000), "BCA 0025"),
        (format_rupiah(30_000), "BCA 0030"),
    ]


async def test_letter_of_sent_money_that_came_back_says_nothing(deps, desk, database, sold, execute):
    for amount in (25_000, 30_000):
        await refunds.accept_again(desk, order=sold, actor=SYSTEM, amount=amount, reason="Mutasi")
        sent = await pay(database, sold)
    execute(
        "UPDATE refunds SET state = 'failed', sending_id = gen_random_uuid(), paid_at = NULL WHERE amount = 30000"
    )

    assert await letter_of(deps, sold, Kind.REFUNDED, str(sent.id)) is None


async def test_letter_of_money_that_went_meanwhile_says_nothing(deps, desk, database, sold):
    await refunds.accept_again(desk, order=sold, actor=SYSTEM, amount=25_000, reason="Mutasi")
    await pay(database, sold)

    assert await letter_of(deps, sold, Kind.REFUND_DUE) is None
    assert (await letter_of(deps, sold, Kind.REFUNDED)).facts.amount == format_rupiah(25_000)


async def test_every_invariant_of_refunds_is_known_to_doctor():
    names = {rule.name for rule in list_invariants()}

    assert {"refunds.cover_what_is_due", "refunds.paid_once", "refunds.whole_orders_end"} <= names
