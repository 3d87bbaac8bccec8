"""Money that the desk of an outlet took."""

from uuid import UUID

from pesan.booths.service.booking import Counter
from pesan.checkout.service import accept_cash
from pesan.db import Actor
from pesan.orders.errors import WrongState
from pesan.orders.queries import get_order
from pesan.orders.states import OrderState

_PAID = frozenset({OrderState.PAID, OrderState.COMPLETED})


async def take_cash(counter: Counter, order_id: UUID, actor: Actor) -> None:
    """Pay a booking with what the desk has; once, however often it is asked for.

    Raises WrongState for one that ended meanwhile: nobody may think that it is paid.
    """
    async with counter.database.read(actor) as session:
        order = await get_order(session, order_id)
    if order.state in _PAID:
        return
    try:
        await accept_cash(counter.sales, order=order, actor=actor)
    except WrongState as refusal:
        if refusal.extra.get("state") not in _PAID:
            raise
