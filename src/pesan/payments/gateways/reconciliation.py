"""What webhooks did not tell: open payments are asked for, and pages that should be closed are closed."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import TextClause, func, select, text

from pesan.db import Database
from pesan.errors import PesanError
from pesan.logging import get_logger
from pesan.orders.desk import SaleDesk
from pesan.payments.gateways.base import Gateway, RemotePayment, RemoteState
from pesan.payments.gateways.locks import lock_chosen
from pesan.payments.gateways.registry import Gateways, get_account
from pesan.payments.gateways.settle import ACTOR, capture, settle
from pesan.payments.models import Payment

_CHUNK = 100
# A provider that is down costs each of its accounts three timeouts a round; one payment that it cannot answer, one.
_MOST_FAILURES = 3
_UNCLOSED = (
    "SELECT p.id FROM payments p JOIN orders o ON o.id = p.order_id"
    " WHERE p.gateway_account_id IS NOT NULL AND p.closed_at IS NULL AND p.flag IS NULL"
    " AND p.state IN ('open', 'superseded', 'failed')"
)
# Each account's first, then each one's second: one whose provider is down keeps nobody else's payments waiting.
_IN_TURN = (
    " ORDER BY row_number() OVER (PARTITION BY p.gateway_account_id ORDER BY p.checked_at NULLS FIRST, p.created_at),"
    " p.checked_at NULLS FIRST LIMIT :limit"
)
# A buyer may be waiting for the first quarter of an hour; whoever pays later, or not at all, is found soon enough.
_TO_ASK = text(
    _UNCLOSED + " AND p.created_at < clock_timestamp() - interval '45 seconds'"
    " AND (p.checked_at IS NULL OR p.checked_at < clock_timestamp() -"
    " CASE WHEN p.created_at > clock_timestamp() - interval '15 minutes' THEN interval '45 seconds'"
    " ELSE interval '5 minutes' END)" + _IN_TURN
)
# Whoever cannot be asked for three days has closed by itself long ago.
_TO_CLOSE = text(
    _UNCLOSED + " AND p.created_at > clock_timestamp() - interval '3 days'"
    " AND (o.state <> 'HOLD' OR o.hold_expires_at <= clock_timestamp())" + _IN_TURN
)
_CAPTURED = text(
    "SELECT id FROM payments WHERE payment_key IS NOT NULL AND state <> 'paid' AND flag IS NULL"
    " AND checked_at < clock_timestamp() - interval '1 minute' ORDER BY checked_at LIMIT :limit"
)
# Nothing holds these any more: each page is closed, and what is left of the two minutes is not waited for.
_RELEASABLE = text(
    "SELECT o.id FROM orders o WHERE o.state = 'HOLD' AND o.hold_expires_at <= clock_timestamp()"
    " AND o.payment_open_until > clock_timestamp() AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id"
    " AND p.gateway_account_id IS NOT NULL AND p.closed_at IS NULL) LIMIT :limit"
)

log = get_logger(__name__)


Asking = Callable[[Payment, Gateway], Awaitable[RemotePayment | None]]


async def ask_again(gateways: Gateways, desk: SaleDesk) -> None:
    """Ask the providers about payments of which nothing was heard, and finish captures that were interrupted."""
    await _settle_each(gateways, desk, _TO_ASK, _ask)
    for payment_id in await _list(gateways.database, _CAPTURED):
        await _try(payment_id, capture(gateways.database, desk, payment_id))


async def close_ended(gateways: Gateways, desk: SaleDesk) -> None:
    """Close at the provider what nobody should pay any more, and then let go of the places that it kept."""
    await _settle_each(gateways, desk, _TO_CLOSE, _close)
    released: set[UUID] = set()
    for order_id in await _list(gateways.database, _RELEASABLE):
        released.add(await _let_go(gateways.database, order_id))
    for event_id in released:
        await desk.expire_due(event_id)


async def _settle_each(gateways: Gateways, desk: SaleDesk, query: TextClause, asking: Asking) -> None:
    """A provider that keeps failing is left alone until the next time; whoever was not asked then comes first."""
    failures: Counter[UUID] = Counter()
    for payment_id in await _list(gateways.database, query):
        async with gateways.database.write(ACTOR) as session:
            payment = await session.get_one(Payment, payment_id)
            assert payment.gateway_account_id is not None
            account = await get_account(session, payment.gateway_account_id)
            if failures[account.id] == _MOST_FAILURES:
                continue
            payment.checked_at = (await session.scalars(select(func.clock_timestamp()))).one()
        try:
            remote = await asking(payment, gateways.open(account))
        except PesanError as error:
            log.warning("a provider could not be asked", provider=account.provider, error=error.code)
            failures[account.id] += 1
            continue
        if remote is not None:
            await _try(payment_id, settle(gateways.database, desk, account, remote))


async def _try(payment_id: UUID, settling: Awaitable[object]) -> None:
    """What cannot be settled now is tried again the next time, and keeps no other payment waiting."""
    try:
        await settling
    except Exception:
        log.exception("a payment could not be settled", payment=str(payment_id))


async def _ask(payment: Payment, gateway: Gateway) -> RemotePayment | None:
    assert payment.reference is not None
    return await gateway.fetch(payment.reference, payment.provider_ref)


async def _close(payment: Payment, gateway: Gateway) -> RemotePayment | None:
    assert payment.reference is not None
    state = await gateway.close(payment.reference, payment.provider_ref)
    remote = await _ask(payment, gateway)
    if remote is not None and remote.state is RemoteState.FAILED:
        return replace(remote, state=RemoteState.CANCELLED)  # its page is closed: nobody can try again
    if remote is not None or state is RemoteState.PENDING:
        return remote
    return RemotePayment(  # nothing was ever opened
        reference=payment.reference,
        provider_ref="",
        state=RemoteState.CANCELLED,
        amount=payment.amount,
        currency=payment.currency,
    )


async def _let_go(database: Database, order_id: UUID) -> UUID:
    """The order's event; its hold is not kept any longer, and is expired like any other."""
    async with database.sale() as session:
        order = await lock_chosen(session, order_id)
        order.payment_open_until = order.hold_expires_at
        return order.event_id


async def _list(database: Database, query: TextClause) -> Sequence[UUID]:
    async with database.read(ACTOR) as session:
        return (await session.scalars(query, {"limit": _CHUNK})).all()
