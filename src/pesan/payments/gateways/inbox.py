"""What was taken in of webhooks: what each hints at is asked for, and settled."""

from uuid import UUID

from sqlalchemy import func, or_, select, text, update
from sqlalchemy.orm import undefer
from sqlalchemy.sql import Select

from pesan.db import Database, ReadSession
from pesan.jobs import enqueue
from pesan.orders.desk import SaleDesk
from pesan.payments.gateways.intake import HANDLE_TASK
from pesan.payments.gateways.models import GatewayAccount, WebhookEvent
from pesan.payments.gateways.registry import Gateways
from pesan.payments.gateways.returned import hear_refund
from pesan.payments.gateways.settle import ACTOR, Outcome, settle
from pesan.payments.gateways.trials import hear_trial
from pesan.payments.models import Payment

_FORGOTTEN = text(
    "SELECT w.id FROM webhook_events w WHERE w.handled_at IS NULL"
    " AND w.received_at BETWEEN clock_timestamp() - interval '7 days' AND clock_timestamp() - interval '5 minutes'"
    " AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs j WHERE j.lock = 'webhook:' || w.id"
    " AND j.status IN ('todo', 'doing'))"
    # What a merchant's own program told is parked for people to see: there is nobody whose bad hour could be over.
    " AND NOT EXISTS (SELECT 1 FROM gateway_accounts a WHERE a.id = w.account_id AND a.provider = 'confirm')"
    " ORDER BY w.received_at LIMIT 500"
)
_WITH_ACCOUNT = (
    select(WebhookEvent, GatewayAccount)
    .join(GatewayAccount, GatewayAccount.id == WebhookEvent.account_id)
    .options(undefer(GatewayAccount.secrets_sealed))
)


async def handle_notice(gateways: Gateways, desk: SaleDesk, event_id: UUID) -> None:
    """Ask the provider about the payment that a webhook hints at, and settle what it says."""
    database = gateways.database
    async with database.read(ACTOR) as session:
        event, account = (await session.execute(_WITH_ACCOUNT.where(WebhookEvent.id == event_id))).one()
        if event.handled_at is not None:
            return
        payment = await _find_payment(session, event)
    outcome = Outcome.UNKNOWN
    if await hear_refund(gateways, account, event.refund_key):
        outcome = Outcome.RETURNED
    elif payment is not None and payment.reference is not None:
        ref = event.provider_ref or payment.provider_ref
        remote = await gateways.open(account).fetch(payment.reference, ref)
        if remote is not None:
            outcome = await settle(database, desk, account, remote)
    elif await hear_trial(gateways, event, actor=ACTOR):
        outcome = Outcome.TRIAL
    await finish(database, event_id, outcome)


async def take_up_forgotten(database: Database) -> None:
    """Ask once more about webhooks whose jobs gave up, for as long as a provider would have sent them again.

    **Enqueues** what asks the provider.
    """
    async with database.write(ACTOR) as session:
        for event_id in (await session.scalars(_FORGOTTEN)).all():
            await enqueue(session, HANDLE_TASK, event_id=event_id)


async def finish(database: Database, event_id: UUID, outcome: Outcome) -> None:
    """Note what came of a webhook, which is done with."""
    async with database.write(ACTOR) as session:
        await session.execute(
            update(WebhookEvent)
            .where(WebhookEvent.id == event_id)
            .values(handled_at=func.clock_timestamp(), outcome=outcome.value)
        )


async def _find_payment(session: ReadSession, event: WebhookEvent) -> Payment | None:
    of_account = select(Payment).where(Payment.gateway_account_id == event.account_id)
    if event.reference is not None:
        return await _first(
            session, of_account.where(Payment.reference == event.reference, Payment.method_id.is_not(None))
        )
    if event.provider_ref is not None:
        # A dispute names the money alone.
        named = or_(Payment.provider_ref == event.provider_ref, Payment.payment_key == event.provider_ref)
        return await _first(session, of_account.where(named))
    return None


async def _first(session: ReadSession, query: Select[Payment]) -> Payment | None:
    payment: Payment | None = await session.scalar(query.limit(1))
    return payment
