"""Jobs of risk."""

from uuid import UUID

from pesan.db import Database
from pesan.jobs import task
from pesan.kit.registry import Registry
from pesan.orders.states import LOOK_TASK
from pesan.risk import service
from pesan.risk.marks import Marks
from pesan.settings import Settings


# Tickets and letters go first.
@task(LOOK_TASK, priority=-10)
async def look(deps: Registry, order_id: UUID) -> None:
    """Look for signals of fraud at an order that reached money."""
    await service.look(deps[Database], Marks(deps[Settings].secret), order_id)
