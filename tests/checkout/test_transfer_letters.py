"""Whoever has a ticket now and whoever had it are told, each once, and neither learns what is the other's."""

from io import BytesIO
from uuid import UUID

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from pesan.checkout.errors import RecipientOutOfReach
from pesan.checkout.handing_on import RecipientFields
from pesan.checkout.handing_on import hand_on as tellable
from pesan.checkout.letters import letter_composers
from pesan.checkout.links import ticket_path
from pesan.checkout.tasks import cancel_event, tell_of_move, tell_of_transfer
from pesan.db import Actor, Database
from pesan.kit.ids import new_id
from pesan.notifications.channels import Channels
from pesan.notifications.render import render
from pesan.notifications.states import ChannelName, Kind
from pesan.orders.states import OrderState
from pesan.tickets.handing_on import Recipient, hand_on
from pesan.tickets.models import TicketTransfer
from pesan.tickets.queries import list_tickets
from pesan.tickets.tasks import fulfil_order, sign_transfer
from tests.checkout.conftest import BASE_URL
from tests.support.factories import SYSTEM

RANI = Recipient("Rani Wijaya", "rani@contoh.id")
DEWI = Recipient("Dewi Lestari", "dewi@contoh.id")


@pytest.fixture
async def sold(deps, make):
    """A completed order of one ticket, whose buyer gave an address."""
    order = await make.order(await make.event(), state=OrderState.PAID, email="budi@contoh.id")
    await fulfil_order(deps, order.id)
    return order


def _staff(order) -> Actor:
    return Actor.staff(new_id(), frozenset({order.merchant_id}))


async def hand(deps, order, *recipients: Recipient) -> list[UUID]:
    """Hand the order's ticket on to each in turn, the buyer first and then staff; the ids of the transfers."""
    for actor, recipient in zip((Actor.guest(order.code), _staff(order)), recipients, strict=False):
        async with deps[Database].read(SYSTEM) as session:
            (ticket,) = await list_tickets(session, order.id)
        async with deps[Database].write(actor) as session:
            await hand_on(
                session, ticket_id=ticket.id, version=ticket.epoch, recipient=recipient, actor=actor
            )
        await sign_transfer(deps, (await _transfers(deps))[-1])
    return await _transfers(deps)


async def _transfers(deps) -> list[UUID]:
    async with deps[Database].read(SYSTEM) as session:
        return list(await session.scalars(select(TicketTransfer.id).order_by(TicketTransfer.epoch)))


async def read(deps, order, transfer_id, kind: Kind):
    return await letter_composers(deps).of(kind).compose(order.id, kind, str(transfer_id))


async def test_both_are_told_once(deps, sold, execute):
    (transfer,) = await hand(deps, sold, RANI)

    for _ in range(2):  # a job may run again
        await tell_of_transfer(deps, transfer)

    assert execute("SELECT kind, occasion FROM notifications ORDER BY kind") == [
        ("ticket_handed_on", str(transfer)),
        ("ticket_received", str(transfer)),
    ]
    assert execute(
        "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'checkout.tell_of_transfer'"
    ) == [(1,)]


async def test_new_holder_gets_the_ticket_and_nothing_that_opens_the_booking(deps, sold):
    (transfer,) = await hand(deps, sold, RANI)
    async with deps[Database].read(SYSTEM) as session:
        (ticket,) = await list_tickets(session, sold.id)

    letter = await read(deps, sold, transfer, Kind.TICKET_RECEIVED)
    rendered = render(letter)
    pdf, calendar = letter.attachments
    page = PdfReader(BytesIO(pdf.content)).pages[0].extract_text()

    assert letter.addresses == {ChannelName.EMAIL: "rani@contoh.id"}
    assert letter.facts.status_url == BASE_URL + ticket_path(ticket.code)
    assert (letter.facts.buyer_name, letter.facts.other_name) == ("Rani Wijaya", "Budi Santoso")
    assert "Rani Wijaya" in page
    for told in (rendered.text, rendered.html, page, calendar.content.decode()):
        assert sold.code not in told
        assert "budi@contoh.id" not in told


async def test_buyer_is_told_where_the_ticket_went_and_not_its_code(deps, sold):
    (transfer,) = await hand(deps, sold, RANI)
    async with deps[Database].read(SYSTEM) as session:
        (ticket,) = await list_tickets(session, sold.id)

    letter = await read(deps, sold, transfer, Kind.TICKET_HANDED_ON)
    rendered = render(letter)

    assert letter.addresses == {ChannelName.EMAIL: "budi@contoh.id"}
    assert (letter.facts.other_name, letter.facts.order_code) == ("Rani Wijaya", sold.code)
    assert letter.attachments == ()
    assert ticket.code not in rendered.text + rendered.html


async def test_second_time_the_holder_in_between_is_told_and_not_the_buyer(deps, sold):
    first, second = await hand(deps, sold, RANI, DEWI)

    letter = await read(deps, sold, second, Kind.TICKET_HANDED_ON)

    assert letter.addresses == {ChannelName.EMAIL: "rani@contoh.id"}
    assert (letter.facts.buyer_name, letter.facts.order_code) == ("Rani Wijaya", "")
    assert letter.facts.status_url.startswith(f"{BASE_URL}/x/")
    assert await read(deps, sold, first, Kind.TICKET_RECEIVED) is None


async def test_buyers_own_papers_leave_out_what_they_handed_on(deps, sold):
    await hand(deps, sold, RANI)

    letter = await letter_composers(deps).of(Kind.EVENT_MOVED).compose(sold.id, Kind.EVENT_MOVED)

    assert (letter.facts.ticket_count, letter.attachments) == (0, ())


async def test_ticket_stays_where_nobody_can_be_written_to(deps, sold):
    actor = Actor.guest(sold.code)
    async with deps[Database].read(SYSTEM) as session:
        (before,) = await list_tickets(session, sold.id)

    with pytest.raises(RecipientOutOfReach):
        async with deps[Database].write(actor) as session:
            recipient = RecipientFields(name="Rani Wijaya", email="rani@contoh.id")
            await tellable(
                session,
                Channels([]),
                ticket_id=before.id,
                version=0,
                recipient=recipient,
                actor=actor,
            )

    assert await _transfers(deps) == []


async def test_whoever_has_the_ticket_hears_that_the_event_moved(deps, sold, execute):
    (transfer,) = await hand(deps, sold, RANI)
    move = str(new_id())

    for _ in range(2):  # a job may run again
        await tell_of_move(deps, sold.event_id, move)
    letter = (
        await letter_composers(deps)
        .of(Kind.TICKET_MOVED)
        .compose(sold.id, Kind.TICKET_MOVED, f"{transfer}:{move}")
    )

    assert execute(
        "SELECT kind, occasion FROM notifications WHERE kind IN ('event_moved', 'ticket_moved') ORDER BY kind"
    ) == [
        ("event_moved", move),
        ("ticket_moved", f"{transfer}:{move}"),
    ]
    assert letter.addresses == {ChannelName.EMAIL: "rani@contoh.id"}
    assert [attachment.mime for attachment in letter.attachments] == ["application/pdf", "text/calendar"]
    assert sold.code not in render(letter).text


async def test_whoever_has_the_ticket_hears_that_the_event_is_cancelled(deps, sold, execute):
    (transfer,) = await hand(deps, sold, RANI)
    execute("UPDATE events SET status = 'cancelled'")

    await cancel_event(deps, sold.event_id)
    letter = await read(deps, sold, transfer, Kind.TICKET_CANCELLED)

    assert execute(
        "SELECT kind, occasion FROM notifications WHERE kind IN ('event_cancelled', 'ticket_cancelled') ORDER BY kind"
    ) == [
        ("event_cancelled", ""),
        ("ticket_cancelled", str(transfer)),
    ]
    assert (letter.addresses, letter.attachments) == ({ChannelName.EMAIL: "rani@contoh.id"}, ())
    assert "Budi Santoso" in render(letter).text
    assert sold.code not in render(letter).text
