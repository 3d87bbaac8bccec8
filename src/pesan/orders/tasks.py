"""Jobs of orders."""

from pesan.jobs import task
from pesan.kit.registry import Registry
from pesan.orders.desk import SaleDesk


@task("orders.expire_due", every="* * * * *")
async def expire_due(deps: Registry) -> None:
    """Tidy up: expire the holds whose time is over. Nothing is sold or kept by it (see `desk`)."""
    await deps[SaleDesk].expire_due()
