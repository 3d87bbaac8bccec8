"""An event that has sold something of everything, made by the moves that make the real ones."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import text

from pesan.app.instance import Instance
from pesan.app.wiring import build_registry
from pesan.catalog.models import Event, Seat, TicketType
from pesan.checkout.refunds import Approval, accept_again, refund, refund_tickets
from pesan.checkout.returning import read_part
from pesan.db import Database
from pesan.kit.registry import Registry
from pesan.orders.desk import SaleDesk
from pesan.orders.models import Order
from pesan.orders.moves import LineWish, Move, SeatWish, TypeWish
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments import CaptureCompanion
from pesan.settings import Settings
from pesan.tickets.queries import list_tickets
from pesan.tickets.tasks import fulfil_order
from tests.backoffice.conftest import Team
from tests.support.factories import SYSTEM


@asynccontextmanager
async def working(settings: Settings, team: Team) -> AsyncIterator["Till"]:
    """A worker's objects beside the web's, for what only jobs do."""
    deps = build_registry(Instance(settings, team.database.url, None), "worker")
    try:
        yield Till(team, deps)
    finally:
        await deps[Database].dispose()


class Till:
    """Sells places of a team's events, and takes them back."""

    def __init__(self, team: Team, deps: Registry) -> None:
        self._team = team
        self.deps = deps

    async def paid(self, event: Event, **wish: Any) -> Order:
        """An order whose money came."""
        order = await self._team.make.order(event, state=OrderState.REVIEW, **wish)
        money = CaptureCompanion(order.id, order.merchant_id, order.total_amount)
        companions = (money,) if order.total_amount else ()
        await self._team.make.move(
            Move(OrderEvent.APPROVE, event.id, SYSTEM, order.id, companions=companions)
        )
        return await self._team.order(order)

    async def completed(self, event: Event, **wish: Any) -> Order:
        """An order that has its tickets."""
        order = await self.paid(event, **wish)
        await fulfil_order(self.deps, order.id)
        return await self._team.order(order)

    async def refunded(self, event: Event, **wish: Any) -> Order:
        """An order that had its tickets, and was taken back."""
        order = await self.completed(event, **wish)
        await refund(self.deps[SaleDesk], order=order, actor=SYSTEM, reason="Sakit")
        return order

    async def given_back(self, order: Order, tickets: int) -> None:
        """Some tickets of an order, which goes on with the others."""
        async with self._team.database.read(SYSTEM) as session:
            chosen = (await list_tickets(session, order.id))[:tickets]
            part = await read_part(session, order, [ticket.id for ticket in chosen])
        await refund_tickets(self.deps[SaleDesk], part=part, reason="Sakit", approval=Approval(SYSTEM))

    async def pay_again(self, order: Order, amount: int) -> None:
        """Money that came a second time."""
        await accept_again(
            self.deps[SaleDesk], order=order, actor=SYSTEM, amount=amount, reason="Mutasi 21 Nov"
        )

    async def let_expire(self, order: Order) -> None:
        """A hold whose time is over, which nobody has tidied yet."""
        async with self._team.database.sale() as session:
            await session.execute(
                text("UPDATE orders SET hold_expires_at = clock_timestamp() WHERE id = :id"), {"id": order.id}
            )


def line(offer: TicketType, quantity: int = 1, *seats: Seat) -> LineWish:
    """Some places of one ticket type."""
    chosen = tuple(SeatWish(seat.id, seat.pool_id) for seat in seats)
    return LineWish(quantity, TypeWish(offer.id, offer.pool_id), seats=chosen)
