"""Orders that reached money, looked at as the job does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from pesan.catalog.models import Event
from pesan.db import Actor, Database
from pesan.kit.registry import Registry
from pesan.orders.models import Order
from pesan.orders.moves import Origin
from pesan.orders.states import OrderState
from pesan.risk.lists import NewEntry, add_entry, set_rules
from pesan.risk.marks import Marks
from pesan.risk.models import RiskReview
from pesan.risk.queries import Rules
from pesan.risk.states import ListName, Mark
from pesan.risk.tasks import look
from pesan.settings import Settings
from tests.support.factories import SYSTEM, Make


@dataclass
class Watch:
    """One merchant's event, and what is found about its orders."""

    event: Event
    make: Make
    database: Database
    settings: Settings

    @property
    def marks(self) -> Marks:
        return Marks(self.settings.secret)

    async def order(self, event: Event | None = None, *, device: str | None = None, **wish: Any) -> Order:
        """An order whose proof came in, and which was looked at."""
        state = wish.pop("state", OrderState.REVIEW)
        origin = Origin(network=wish.pop("network", None), device=device, country=wish.pop("country", None))
        order = await self.make.order(event or self.event, state=state, origin=origin, **wish)
        await self.look(order)
        return order

    async def look(self, order: Order) -> None:
        deps = Registry()
        deps.add(Database, self.database)
        deps.add(Settings, self.settings)
        await look(deps, order.id)

    async def found(self, *orders: Order) -> list[dict[str, Any] | None]:
        """What speaks against each of these orders; None where nothing does."""
        rows = {review.order_id: review.signals for review in await self.reviews()}
        return [rows.get(order.id) for order in orders]

    async def reviews(self) -> Sequence[RiskReview]:
        async with self.database.read(SYSTEM) as session:
            return (await session.scalars(select(RiskReview).order_by(RiskReview.order_id))).all()

    async def rules(self, event: Event | None = None, **changes: Any) -> None:
        async with self.database.write(_organizer(event or self.event)) as session:
            await set_rules(
                session, (event or self.event).merchant_id, Rules(**changes), actor=_organizer(self.event)
            )

    async def put(self, list_name: ListName, mark: Mark, value: str, event: Event | None = None) -> None:
        """Put a value on the list of an event's merchant; a digest stands for itself."""
        told = mark in {Mark.EMAIL, Mark.PHONE, Mark.DOMAIN}
        digest = self.marks.digest(mark, value) if told else value
        chosen = event or self.event
        async with self.database.write(_organizer(chosen)) as session:
            new = NewEntry(list_name, mark, digest, value, "Pernah curang")
            await add_entry(session, chosen.merchant_id, new, actor=_organizer(chosen))


def _organizer(event: Event) -> Actor:
    return Actor.staff(event.id, frozenset([event.merchant_id]))


@pytest.fixture
async def watch(make: Make, database: Database, settings: Settings) -> Watch:
    return Watch(await make.event(capacity=100), make, database, settings)


@pytest.fixture
def execute(postgres, database_url):
    """One statement as the tables' owner, and its rows."""

    def run(statement: str) -> list[Any]:
        with postgres.connect(database_url.database) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    return run
