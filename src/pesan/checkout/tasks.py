"""Jobs of checkout."""

from uuid import UUID

from pesan.db import Actor, Database
from pesan.jobs import task
from pesan.kit.registry import Registry
from pesan.notifications.channels import Channels
from pesan.notifications.service import notify
from pesan.notifications.states import ChannelName, Kind
from pesan.orders.queries import get_order
from pesan.orders.states import TELL_BUYER_TASK, OrderEvent

_ACTOR = Actor.system("checkout")
_KINDS = {
    OrderEvent.SUBMIT_PROOF: Kind.PROOF_RECEIVED,
    OrderEvent.REJECT: Kind.REJECTED,
    OrderEvent.FULFIL: Kind.TICKET_READY,
    OrderEvent.EXPIRE: Kind.EXPIRED,
}


@task(TELL_BUYER_TASK)
async def tell_buyer(deps: Registry, order_id: UUID, event: str) -> None:
    """Write down, once, that the buyer is told of a move, by every channel they gave an address for."""
    async with deps[Database].write(_ACTOR) as session:
        order = await get_order(session, order_id)
        contacts = {ChannelName.EMAIL: order.email, ChannelName.WHATSAPP: order.wa}
        await notify(
            session,
            order_id=order.id,
            merchant_id=order.merchant_id,
            kind=_KINDS[OrderEvent(event)],
            channels=deps[Channels].reaching(contacts),
        )
