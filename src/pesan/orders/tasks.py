"""Jobs of orders."""

from uuid import UUID

from pesan.db import Database
from pesan.identity.states import JOIN_ORDERS_TASK
from pesan.jobs import task
from pesan.kit.registry import Registry
from pesan.orders import joining
from pesan.orders.desk import SaleDesk


@task("orders.expire_due", every="* * * * *")
async def expire_due(deps: Registry) -> None:
    """Tidy up: expire the holds whose time is over. Nothing is sold or kept by it (see `desk`)."""
    await deps[SaleDesk].expire_due()


@task(JOIN_ORDERS_TASK, lock="join_account:{user_id}")
async def join_account(deps: Registry, user_id: UUID) -> None:
    """Give a person the bookings they made as a guest, a chunk at a time."""
    while True:
        async with deps[Database].write(joining.ACTOR) as session:
            joined = await joining.join_some(session, user_id)
        if joined < joining.CHUNK:
            return
