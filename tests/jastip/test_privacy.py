"""Forgetting people of a trip: whoever ordered, what they were written, what they wrote; and not before it is over."""

import pytest
from sqlalchemy import select, text

from pesan.chats.models import ChatMessage, ChatUpdate
from pesan.chats.outbox import Outgoing, say
from pesan.chats.states import Category, Line
from pesan.db import Database
from pesan.jastip.models import Participant, PriceProposal, Rating
from pesan.jastip.service.orders import confirm_order, ship_order
from pesan.jastip.service.prices import NewPrice, propose_price
from pesan.jastip.service.ratings import Said, rate_order
from pesan.messaging.whatsapp.shapes import Text
from pesan.orders.models import Order
from pesan.orders.queries import get_order, list_lines
from pesan.privacy import retention
from pesan.privacy.erasure import erase_orders
from pesan.privacy.states import ERASED
from pesan.settings import Settings
from tests.support.factories import SYSTEM
from tests.support.trips import Journey, make_journey, make_participant, make_product, order

SITI = "+6281234567890"


@pytest.fixture
async def journey(make, database, settings) -> Journey:
    return await make_journey(make, database, settings)


@pytest.fixture
async def paid(journey: Journey, database: Database) -> Order:
    """Siti's order, paid and talked about."""
    person = await make_participant(journey, wa=SITI)
    placed = await order(journey, person, (await make_product(journey), 1))
    await confirm_order(journey.counter, placed, actor=journey.staff)
    async with database.write(SYSTEM) as session:
        said = Outgoing(
            Line.CONFIRMATION,
            Category.UTILITY,
            to_wa=SITI,
            body=Text("Halo Siti"),
            merchant_id=journey.merchant.id,
            event_id=journey.id,
        )
        await say(session, [said])
        await session.execute(text("UPDATE chat_messages SET state = 'read'"))
        return await get_order(session, placed.id)


async def forget(database: Database, order_id) -> None:
    async with database.write(SYSTEM) as session:
        await erase_orders(session, [order_id], reason="retention", actor=SYSTEM)


async def known(database: Database) -> list[object]:
    """What is known of Siti: by the trip, and by what was written."""
    async with database.read(SYSTEM) as session:
        person = (await session.scalars(select(Participant))).one()
        message = (await session.scalars(select(ChatMessage))).one()
        return [person.name, person.wa, message.to_wa, message.body]


async def test_whoever_is_shopped_for_is_not_forgotten(paid: Order, database: Database) -> None:
    before = await known(database)

    await forget(database, paid.id)

    assert await known(database) == before


async def test_whoever_got_their_parcel_is_forgotten(
    paid: Order, journey: Journey, database: Database
) -> None:
    await ship_order(journey.counter, paid, actor=journey.staff, courier="JNE", tracking_no=None)

    await forget(database, paid.id)

    assert await known(database) == [ERASED, None, None, None]


async def test_what_a_forgotten_person_said_of_the_jastiper_goes_and_the_score_stays(
    paid: Order, journey: Journey, database: Database
) -> None:
    await ship_order(journey.counter, paid, actor=journey.staff, courier="JNE", tracking_no=None)
    async with database.write(SYSTEM) as session:
        sent = await get_order(session, paid.id)
        await rate_order(session, sent, Said(4, "Dikirim ke Jalan Melati 5, terima kasih"))

    await forget(database, paid.id)

    async with database.read(SYSTEM) as session:
        kept = await session.get_one(Rating, paid.id)
    assert (kept.score, kept.words, kept.shown_name) == (4, "", ERASED)


async def test_what_a_forgotten_person_was_told_with_a_price_goes_and_the_price_stays(
    paid: Order, journey: Journey, database: Database
) -> None:
    async with database.write(journey.staff) as session:
        (line,) = await list_lines(session, paid.id)
        wish = NewPrice(line.ticket_type_id, 120_000, "Bu Siti minta yang besar")
        await propose_price(session, wish, trip_id=journey.id, actor=journey.staff)
    await ship_order(journey.counter, paid, actor=journey.staff, courier="JNE", tracking_no=None)

    await forget(database, paid.id)

    async with database.read(SYSTEM) as session:
        kept = (await session.scalars(select(PriceProposal))).one()
    assert (kept.new_amount, kept.note) == (120_000, "")


async def test_whoever_has_another_order_still_takes_part(
    paid: Order, journey: Journey, database: Database
) -> None:
    async with database.read(SYSTEM) as session:
        person = (await session.scalars(select(Participant))).one()
    await order(journey, person, (await make_product(journey), 1))
    await ship_order(journey.counter, paid, actor=journey.staff, courier="JNE", tracking_no=None)

    await forget(database, paid.id)

    assert (await known(database))[:2] == [person.name, SITI]


@pytest.mark.parametrize("kind", ["chat_texts", "chat_updates"])
async def test_old_chats_are_let_go_of(
    paid: Order, database: Database, settings: Settings, kind: str
) -> None:
    async with database.write(SYSTEM) as session:
        session.add(ChatUpdate(key="wamid.1", kind="message", wa=SITI, payload={"text": "Halo"}))
    kept = retention.hours_of(settings)[kind]

    async with database.write(SYSTEM) as session:
        young = await retention.KINDS[kind].count(session, kept)
        gone = await retention.KINDS[kind].purge(session, retention.Batch(hours=0))
        left = await retention.KINDS[kind].count(session, 0)

    assert (young, gone.rows, left) == (0, 1, 0)


async def test_a_text_that_is_let_go_of_says_nothing_of_anybody(paid: Order, database: Database) -> None:
    async with database.write(SYSTEM) as session:
        await retention.KINDS["chat_texts"].purge(session, retention.Batch(hours=0))

    assert (await known(database))[2:] == [None, None]
