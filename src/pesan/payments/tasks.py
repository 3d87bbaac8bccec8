"""Jobs of payments."""

from datetime import timedelta
from uuid import UUID

from pesan.db import Database
from pesan.jobs import task
from pesan.kit.registry import Registry
from pesan.orders.desk import SaleDesk
from pesan.payments.gateways import confirming, inbox, reconciliation, returns
from pesan.payments.gateways.confirmations import CONFIRM_TASK
from pesan.payments.gateways.intake import HANDLE_TASK
from pesan.payments.gateways.registry import Gateways
from pesan.payments.orphans import collect_orphans, mark_missing_proofs
from pesan.payments.refunds.states import SEND_REFUNDS_TASK
from pesan.settings import Settings
from pesan.storage import Storage


@task("payments.collect_orphans", every="23 3 * * *")
async def collect_orphan_objects(deps: Registry) -> None:
    """Delete objects that no row names for a day, and note rows whose object is gone."""
    storage, database = deps[Storage], deps[Database]
    await collect_orphans(database, storage)
    await mark_missing_proofs(database, storage)


@task(HANDLE_TASK, lock="webhook:{event_id}", priority=20)
async def handle_notice(deps: Registry, event_id: UUID) -> None:
    """Ask the provider about what a webhook hints at, and settle what it says."""
    await inbox.handle_notice(deps[Gateways], deps[SaleDesk], event_id)


@task(CONFIRM_TASK, lock="webhook:{event_id}", priority=20, attempts=6)
async def handle_confirmation(deps: Registry, event_id: UUID) -> None:
    """Settle what a merchant's own program confirmed; after five more tries it is parked."""
    await confirming.handle_confirmation(deps[Database], deps[SaleDesk], event_id)


@task("payments.take_up_forgotten", every="*/5 * * * *", lock="payments.take_up_forgotten")
async def take_up_forgotten(deps: Registry) -> None:
    """Ask once more about webhooks whose jobs gave up."""
    await inbox.take_up_forgotten(deps[Database])


@task("payments.ask_again", every="* * * * *", lock="payments.ask_again")
async def ask_again(deps: Registry) -> None:
    """Find payments whose webhooks were lost, and captures whose process died."""
    await reconciliation.ask_again(deps[Gateways], deps[SaleDesk])


@task(SEND_REFUNDS_TASK, every="* * * * *", lock=SEND_REFUNDS_TASK)
async def send_refunds(deps: Registry) -> None:
    """Send money back by the way it came, where nobody has to agree any more."""
    await returns.send_refunds(deps[Gateways], alone_up_to=deps[Settings].refund_four_eyes_amount)


@task("payments.close_ended", every=timedelta(seconds=20))
async def close_ended(deps: Registry) -> None:
    """Close hosted pages that nobody should pay any more; two workers at once ask the same thing twice."""
    await reconciliation.close_ended(deps[Gateways], deps[SaleDesk])
