"""The jastip desk's rows of a merchant, for the worlds that policies are tested in."""

from pesan.catalog.models import Event, TicketType
from pesan.chats.models import ChatMessage
from pesan.chats.records import ChatCharge
from pesan.chats.states import PRIORITIES, Category, Line
from pesan.db import Actor, Database
from pesan.jastip.companions import NewTripOrder
from pesan.jastip.models import (
    Broadcast,
    BroadcastRecipient,
    Participant,
    PriceProposal,
    Product,
    Profile,
    Purchase,
    Rating,
    Trip,
)
from pesan.jastip.service.visits import Visit, count_visit
from pesan.jastip.states import Audience, JoinState
from pesan.kit.ids import new_id
from pesan.orders.models import Order
from tests.support.factories import SYSTEM, Make


async def travel(make: Make, database: Database, event: Event, offered: Event, sold: Order) -> None:
    """A profile, a trip with somebody who takes part and ordered, and one with a product; as if events were trips."""
    kind = await make.ticket_type(offered)
    person = _participant(event)
    async with database.write(Actor.staff(sold.id, frozenset([event.merchant_id]))) as session:
        session.add_all([_trip(event), _trip(offered)])
        await session.flush()
        session.add_all([_product(kind), person, _message(event), Profile(merchant_id=event.merchant_id)])
        await session.flush()
        session.add(broadcast := _broadcast(event))
        await session.flush()
        session.add_all([_recipient(broadcast, person), _purchase(kind), _proposal(sold, kind)])
        await count_visit(session, Visit("trip", event.id, event.merchant_id))
    async with database.write(SYSTEM) as session:
        session.add(_charge(event))
    async with database.sale() as session:
        order = NewTripOrder(sold.id, event.merchant_id, event.id, person.id)
        await NewTripOrder.write_many(session, [order])
    async with database.write(Actor.system("world")) as session:
        session.add(_rating(sold))


def _trip(event: Event) -> Trip:
    return Trip(event_id=event.id, merchant_id=event.merchant_id, slug=event.short_id, is_active=True)


def _purchase(kind: TicketType) -> Purchase:
    return Purchase(product_id=kind.id, merchant_id=kind.merchant_id, event_id=kind.event_id, bought=1)


def _proposal(sold: Order, kind: TicketType) -> PriceProposal:
    return PriceProposal(
        id=new_id(),
        merchant_id=sold.merchant_id,
        event_id=kind.event_id,
        order_id=sold.id,
        product_id=kind.id,
        old_amount=100_000,
        new_amount=120_000,
        quantity=1,
        state="proposed",
    )


def _rating(sold: Order) -> Rating:
    return Rating(order_id=sold.id, merchant_id=sold.merchant_id, score=5, words="Cepat", shown_name="s***i")


def _product(kind: TicketType) -> Product:
    slug = f"p{kind.id.hex[-8:]}"
    return Product(id=kind.id, merchant_id=kind.merchant_id, event_id=kind.event_id, slug=slug)


def _participant(event: Event) -> Participant:
    return Participant(
        id=new_id(),
        merchant_id=event.merchant_id,
        event_id=event.id,
        wa="+6281234567890",
        name="Siti",
        state=JoinState.PENDING.value,
        referral_code=event.short_id.upper(),
    )


def _broadcast(event: Event) -> Broadcast:
    return Broadcast(
        id=new_id(),
        merchant_id=event.merchant_id,
        event_id=event.id,
        text="Besok ke Osaka",
        audience=Audience.ALL.value,
        recipients=1,
        starts_at=event.starts_at,
    )


def _recipient(broadcast: Broadcast, person: Participant) -> BroadcastRecipient:
    return BroadcastRecipient(
        id=new_id(),
        merchant_id=person.merchant_id,
        event_id=person.event_id,
        broadcast_id=broadcast.id,
        participant_id=person.id,
    )


def _message(event: Event) -> ChatMessage:
    return ChatMessage(
        id=new_id(),
        merchant_id=event.merchant_id,
        event_id=event.id,
        to_wa="+6281234567890",
        line=Line.BROADCAST.value,
        priority=PRIORITIES[Line.BROADCAST],
        category=Category.MARKETING.value,
        body={},
    )


def _charge(event: Event) -> ChatCharge:
    return ChatCharge(
        message_id=new_id(),
        merchant_id=event.merchant_id,
        event_id=event.id,
        category=Category.MARKETING.value,
        kind="regular",
        amount=0,
        at=event.created_at,
    )
