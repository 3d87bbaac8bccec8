"""What a desk shows on an order's page beside what stands on every order's page."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pesan.db import Actor, Database, ReadSession
from pesan.orders.models import Order


@dataclass(frozen=True, slots=True)
class Part:
    """A template of the desk's own, and the facts that it shows as `part`."""

    template: str
    view: Any


FindPart = Callable[[ReadSession, Order, str], Awaitable[Part | None]]
"""Called with the order and the beginning of every address that is shared."""


class Besides:
    """The parts of this instance's desks, by what their orders are fulfilled as."""

    def __init__(self, by_fulfilment: Mapping[str, FindPart]) -> None:
        self._by_fulfilment = by_fulfilment

    async def find(self, database: Database, order: Order, *, actor: Actor, origin: str) -> Part | None:
        """What the order's desk shows; None for an order whose desk adds nothing."""
        find = self._by_fulfilment.get(order.fulfilment)
        if find is None:
            return None
        async with database.read(actor) as session:
            return await find(session, order, origin)
