import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from pesan.app.modules import list_invariants
from pesan.db import Actor
from pesan.jobs import GiveUp
from pesan.kit import metrics
from pesan.kit.ids import ALPHABET, normalise_code
from pesan.orders.errors import WrongState
from pesan.orders.models import Order
from pesan.orders.moves import LineWish, Move, SeatWish, TypeWish
from pesan.orders.states import OrderEvent, OrderState
from pesan.tickets import qr, tokens
from pesan.tickets.issue import make_tickets, read_entitlement, void_tickets
from pesan.tickets.models import Ticket
from pesan.tickets.queries import get_ticket, list_tickets
from pesan.tickets.states import GRACE
from pesan.tickets.tasks import fulfil_order
from tests.tickets.conftest import SYSTEM


async def _tickets(database, order_id, actor=SYSTEM):
    async with database.read(actor) as session:
        return list(await list_tickets(session, order_id))


async def _state(database, order_id):
    async with database.read(SYSTEM) as session:
        return (await session.get_one(Order, order_id)).state


async def _offenders(database):
    async with database.read(SYSTEM) as session:
        return {
            rule.name: rows
            for rule in list_invariants()
            if rule.name.startswith("tickets.") and (rows := (await session.execute(_sql(rule))).all())
        }


def _sql(rule):
    from sqlalchemy import text

    return text(rule.sql)


async def test_fulfil_order_makes_one_signed_ticket_a_unit_and_completes_the_order(
    database, make, deps, store
):
    event = await make.event(max_per_order=5)
    order = await make.order(event, state=OrderState.PAID, quantity=3, buyer_name="Siti Aminah")

    await fulfil_order(deps, order.id)

    tickets = await _tickets(database, order.id)
    assert await _state(database, order.id) == OrderState.COMPLETED
    assert [ticket.number for ticket in tickets] == [1, 2, 3]
    assert {ticket.holder_name for ticket in tickets} == {"Siti Aminah"}
    assert {ticket.expires_at for ticket in tickets} == {event.ends_at + GRACE}
    assert len({ticket.code for ticket in tickets}) == 3
    assert all(len(ticket.code) == 26 and set(ticket.code) <= set(ALPHABET) for ticket in tickets)
    key = await store.find(tickets[0].kid)
    for ticket in tickets:
        claims = tokens.check(ticket.token, key)
        code = qr.check(qr.read(ticket.qr_text), key)
        assert (claims.ticket_id, claims.event_id) == (ticket.id, event.id)
        assert (code.ticket_id, code.epoch) == (ticket.id, 0)
        assert claims.expires_at == code.expires_at == int(ticket.expires_at.timestamp())
    assert await _offenders(database) == {}


def seated_lines(offer, seats):
    wishes = tuple(SeatWish(seat.id, seat.pool_id) for seat in seats)
    return (LineWish(len(seats), TypeWish(offer.id, offer.pool_id), wishes),)


async def test_fulfil_order_gives_each_ticket_its_type_and_its_seat(database, make, deps):
    event = await make.event(max_per_order=5)
    offer = await make.ticket_type(event, is_seated=True)
    seats = await make.seats(offer, 3)
    order = await make.order(event, state=OrderState.PAID, lines=seated_lines(offer, seats[1:]))

    await fulfil_order(deps, order.id)

    tickets = await _tickets(database, order.id)
    assert [(ticket.ticket_type_id, ticket.seat_id) for ticket in tickets] == [
        (offer.id, seats[1].id),
        (offer.id, seats[2].id),
    ]
    assert await _offenders(database) == {}


async def test_database_refuses_a_second_live_ticket_for_a_seat(database, make, deps, sell):
    event = await make.event()
    offer = await make.ticket_type(event, is_seated=True)
    first = (await sell(event, lines=seated_lines(offer, await make.seats(offer)))).tickets[0]
    other = (await sell()).tickets[0]

    with pytest.raises(IntegrityError, match="uq_tickets_seat"):
        async with database.write(SYSTEM) as session:
            copy = {column.name: getattr(other, column.name) for column in Ticket.__table__.columns}
            session.add(
                Ticket(**copy | {"id": uuid4(), "code": "0" * 26, "number": 2, "seat_id": first.seat_id})
            )


async def test_live_tickets_that_share_a_seat_or_have_lost_it_are_offenders(
    database, postgres, database_url, make, sell
):
    event = await make.event(max_per_order=5)
    offer = await make.ticket_type(event, is_seated=True)
    one, two = (await sell(event, lines=seated_lines(offer, await make.seats(offer, 2)))).tickets
    with postgres.connect(database_url.database) as owner:
        owner.execute("DROP INDEX uq_tickets_seat")
        owner.execute("UPDATE tickets SET seat_id = %s", (one.seat_id,))
    shared = (await _offenders(database))["tickets.hold_their_seat"]
    with postgres.connect(database_url.database) as owner:
        owner.execute("UPDATE tickets SET seat_id = NULL WHERE id = %s", (two.id,))
        owner.execute("UPDATE claims SET bucket = 'released'")
    lost = (await _offenders(database))["tickets.hold_their_seat"]

    assert {row.ticket_id for row in shared} == {one.id, two.id}
    assert [row.ticket_id for row in lost] == [one.id]


async def test_fulfil_order_run_again_changes_nothing(database, make, deps):
    order = await make.order(state=OrderState.PAID)
    await fulfil_order(deps, order.id)
    before = [(ticket.id, ticket.qr_text) for ticket in await _tickets(database, order.id)]

    await fulfil_order(deps, order.id)

    assert [(ticket.id, ticket.qr_text) for ticket in await _tickets(database, order.id)] == before


async def test_tickets_are_counted_once_they_are_written(make, deps):
    before = metrics.TICKETS_ISSUED.metric._value.get()
    order = await make.order(await make.event(max_per_order=3), state=OrderState.PAID, quantity=3)

    for _ in range(2):
        await fulfil_order(deps, order.id)

    assert metrics.TICKETS_ISSUED.metric._value.get() - before == 3


async def test_fulfil_order_run_by_several_workers_at_once_makes_each_ticket_once(database, make, deps):
    order = await make.order(await make.event(max_per_order=4), state=OrderState.PAID, quantity=4)

    await asyncio.gather(*(fulfil_order(deps, order.id) for _ in range(4)))

    assert [ticket.number for ticket in await _tickets(database, order.id)] == [1, 2, 3, 4]
    assert await _offenders(database) == {}


@pytest.mark.parametrize(
    "state", [OrderState.HOLD, OrderState.REVIEW, OrderState.REJECTED, OrderState.CANCELLED]
)
async def test_fulfil_order_of_an_order_that_is_not_paid_makes_nothing(database, make, deps, state):
    order = await make.order(state=state)

    await fulfil_order(deps, order.id)

    assert await _tickets(database, order.id) == []
    assert await _state(database, order.id) == state


async def test_fulfil_order_of_an_unknown_order_gives_up(deps):
    with pytest.raises(GiveUp, match=r"tickets\.order_missing"):
        await fulfil_order(deps, uuid4())


async def test_tickets_exist_only_with_the_move(database, make, store):
    """The order left PAID between signing and moving: no ticket may remain."""
    order = await make.order(state=OrderState.PAID)
    async with database.read(SYSTEM) as session:
        entitlement = await read_entitlement(session, order.id)
    late = tuple(await make_tickets(store, entitlement))
    await make.move(Move(OrderEvent.FULFIL, order.event_id, SYSTEM, order.id))

    with pytest.raises(WrongState):
        await make.move(Move(OrderEvent.FULFIL, order.event_id, SYSTEM, order.id, companions=late))

    assert await _tickets(database, order.id) == []


async def test_completed_order_without_its_tickets_is_an_offender(database, make):
    order = await make.order(state=OrderState.PAID)
    await make.move(Move(OrderEvent.FULFIL, order.event_id, SYSTEM, order.id))

    assert [row.order_id for row in (await _offenders(database))["tickets.one_per_unit"]] == [order.id]


async def test_ticket_of_an_order_that_is_not_paid_is_an_offender(database, postgres, database_url, sell):
    sold = await sell()
    with postgres.connect(database_url.database) as owner:
        owner.execute("UPDATE orders SET state = 'REJECTED' WHERE id = %s", (sold.order.id,))

    offenders = (await _offenders(database))["tickets.only_of_paid_orders"]
    assert [row.ticket_id for row in offenders] == [sold.tickets[0].id]


async def test_void_tickets_voids_those_of_the_orders_and_no_others(database, sell):
    sold, other = await sell(), await sell()

    async with database.sale() as session:
        await void_tickets(session, [sold.order.id])

    (void,), (live,) = await _tickets(database, sold.order.id), await _tickets(database, other.order.id)
    assert (void.state, void.voided_at is not None) == ("void", True)
    assert (live.state, live.voided_at) == ("active", None)


async def test_database_refuses_a_second_ticket_for_a_unit(database, sell):
    ticket = (await sell()).tickets[0]
    copy = {column.name: getattr(ticket, column.name) for column in Ticket.__table__.columns}
    with pytest.raises(IntegrityError, match="uq_tickets_order_line_id"):
        async with database.write(SYSTEM) as session:
            session.add(Ticket(**copy | {"id": uuid4(), "code": "0" * 26}))


async def test_database_refuses_a_ticket_by_another_merchants_key(database, make, store, sell):
    ticket = (await sell()).tickets[0]
    stranger = await store.signing_key((await make.merchant()).id, (await store.find(ticket.kid)).algorithm)
    with pytest.raises(IntegrityError, match="fk_tickets"):
        async with database.write(SYSTEM) as session:
            row = await session.get_one(Ticket, ticket.id)
            row.kid = stranger.kid


async def test_get_ticket_takes_a_code_as_people_type_it(database, sell):
    ticket = (await sell()).tickets[0]
    typed = "-".join(ticket.code[i : i + 5] for i in range(0, 26, 5)).lower()

    async with database.read(SYSTEM) as session:
        assert (await get_ticket(session, f" {typed} ")).id == ticket.id
    assert normalise_code(typed) == ticket.code


async def test_tickets_are_seen_by_their_buyer_and_their_merchants_staff_only(web_database, make, sell):
    sold, other = await sell(), await sell()
    staff = Actor.staff(uuid4(), frozenset({sold.order.merchant_id}))
    seen = {}
    for name, actor in {
        "buyer": Actor.guest(sold.order.code),
        "stranger": Actor.guest(),
        "other_buyer": Actor.guest(other.order.code),
        "staff": staff,
        "other_staff": Actor.staff(uuid4(), frozenset({other.order.merchant_id})),
        "admin": Actor.staff(uuid4(), frozenset(), is_platform_admin=True),
    }.items():
        async with web_database.read(actor) as session:
            seen[name] = {ticket.id for ticket in await session.scalars(select(Ticket))}

    mine, theirs = sold.tickets[0].id, other.tickets[0].id
    assert seen == {
        "buyer": {mine},
        "stranger": set(),
        "other_buyer": {theirs},
        "staff": {mine},
        "other_staff": {theirs},
        "admin": {mine, theirs},
    }


async def test_ticket_issued_after_the_end_still_has_its_grace(database, postgres, database_url, make, store):
    order = await make.order(state=OrderState.PAID)
    with postgres.connect(database_url.database) as owner:
        owner.execute(
            "UPDATE events SET starts_at = now() - interval '3 days', ends_at = now() - interval '2 days'"
        )
    async with database.read(SYSTEM) as session:
        entitlement = await read_entitlement(session, order.id)

    (ticket,) = await make_tickets(store, entitlement)

    assert ticket.expires_at - ticket.issued_at == GRACE
    assert ticket.expires_at - entitlement.ends_at > timedelta(days=2)
