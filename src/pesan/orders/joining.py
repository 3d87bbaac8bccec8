"""Bookings that somebody made as a guest join their account, once the address is known to be theirs."""

from uuid import UUID

from pesan.audit.service import record
from pesan.db import Actor, WriteSession
from pesan.identity.models import User
from pesan.orders.locks import lock_without_account

ACTOR = Actor.system("orders")
CHUNK = 100


async def join_some(session: WriteSession, user_id: UUID) -> int:
    """Give a chunk of the orders with a person's verified address to them; how many there were.

    **Locks** the orders. An address that is not verified gives nobody anything.
    """
    user = await session.get(User, user_id)
    if user is None or not user.is_active or user.email_verified_at is None:
        return 0
    orders = await lock_without_account(session, user.email, limit=CHUNK)
    for order in orders:
        order.user_id = user_id
        await record(
            session, order, action="order:account:joined", actor=ACTOR, data={"user_id": str(user_id)}
        )
    return len(orders)
