"""Trips with products and people who take part, made by the services that make the real ones."""

from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

from pesan.checkout.room import DiskRoom
from pesan.db import Actor, ActorKind, Database
from pesan.jastip.models import Participant, Product, Trip
from pesan.jastip.queries.trips import get_trip
from pesan.jastip.service.orders import Counter, Item, Wanted, place_order
from pesan.jastip.service.participants import Joiner, add_participant
from pesan.jastip.service.products import ProductDraft, create_product
from pesan.jastip.service.trips import TripDraft, create_trip
from pesan.jastip.states import JoinState
from pesan.orders import Moved
from pesan.orders.desk import SaleDesk
from pesan.orders.models import Order
from pesan.orders.queries import get_order
from pesan.realtime import Hub
from pesan.settings import Settings
from pesan.tenancy.models import Merchant
from tests.support.factories import SYSTEM, Make

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Journey:
    """An open trip of a jastiper's, whose desk takes orders."""

    trip: Trip
    merchant: Merchant
    counter: Counter

    @property
    def id(self) -> UUID:
        """The trip's id, which is its event's."""
        return self.trip.event_id

    @property
    def staff(self) -> Actor:
        """The jastiper."""
        return Actor.staff(self.trip.event_id, frozenset([self.merchant.id]))


async def make_journey(
    make: Make, database: Database, settings: Settings, merchant: Merchant | None = None, **draft: Any
) -> Journey:
    """A trip that is open, without products."""
    owner = merchant or await make.merchant()
    wanted = TripDraft(
        **{"title": "Jastip Jepang", "slug": f"jp{next(_numbers)}x", "is_active": True, **draft}
    )
    async with database.write(SYSTEM) as session:
        trip = await create_trip(session, merchant_id=owner.id, draft=wanted, actor=SYSTEM)
    desk = SaleDesk(database, Hub(database.url))
    return Journey(trip, owner, Counter(database, desk, DiskRoom(settings.home)))


async def make_product(journey: Journey, **draft: Any) -> Product:
    """Something at Rp 100.000 of which there are three."""
    number = next(_numbers)
    usual = {"title": f"Kit Kat Matcha {number}", "slug": f"pd{number}", "price_amount": 100_000, "stock": 3}
    async with journey.counter.database.write(SYSTEM) as session:
        wanted = ProductDraft(**{**usual, **draft})
        return await create_product(session, trip_id=journey.id, draft=wanted, actor=SYSTEM)


async def make_participant(
    journey: Journey, *, state: JoinState = JoinState.JOINED, **joiner: Any
) -> Participant:
    """Somebody who takes part."""
    number = next(_numbers)
    wanted = Joiner(**{"name": "Siti Nurhaliza", "wa": f"+62812{number:08d}", **joiner})
    async with journey.counter.database.write(SYSTEM) as session:
        trip = await get_trip(session, journey.id)
        return await add_participant(session, trip, wanted, state=state, actor=SYSTEM)


def shown(*people: Participant) -> Actor:
    """A guest who showed that they are these people."""
    return Actor(ActorKind.GUEST, participant_ids=tuple(person.id for person in people))


async def order(
    journey: Journey,
    person: Participant,
    *items: tuple[Product, int],
    actor: Actor | None = None,
    **wish: Any,
) -> Order:
    """What somebody who takes part orders: so many pieces of each."""
    wanted = Wanted(person.id, tuple(Item(product.id, quantity) for product, quantity in items), **wish)
    outcome = await place_order(journey.counter, wanted, actor=actor or shown(person), locale="id")
    assert isinstance(outcome, Moved)
    async with journey.counter.database.read(SYSTEM) as session:
        return await get_order(session, outcome.order_id)
