"""What webhooks did not tell: open payments are asked for, and pages that should be closed are closed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from uuid import UUID

from sqlalchemy import TextClause, func, select, text

from pesan.db import Database
from pesan.errors import PesanError
from pesan.logging import get_logger
from pesan.orders.desk import SaleDesk
from pesan.payments.gateways.base import RemotePayment, RemoteState
from pesan.payments.gateways.locks import lock_chosen
from pesan.payments.gateways.models import GatewayAccount, WebhookEvent
from pesan.payments.gateways.registry import Gateways, get_account
from pesan.payments.gateways.settle import ACTOR, capture, settle
from pesan.payments.models import Payment

_CHUNK = 100
_SECONDS = 45
# So many questions at once, to one account and to all of them.
_OF_AN_ACCOUNT, _OF_ALL = 8, 24
# A provider that is down costs each of its accounts three timeouts a round; one payment that it cannot answer, one.
_MOST_FAILURES = 3
_UNCLOSED = (
    "SELECT p.id, p.gateway_account_id, p.checked_at, p.created_at FROM payments p"
    " JOIN orders o ON o.id = p.order_id"
    " WHERE p.gateway_account_id IS NOT NULL AND p.closed_at IS NULL AND p.flag IS NULL"
    " AND p.state IN ('open', 'superseded', 'failed')"
)
# A buyer may be waiting for the first quarter of an hour; whoever pays later, or not at all, is found soon enough.
_TO_ASK = (
    _UNCLOSED + " AND p.created_at < clock_timestamp() - interval '45 seconds'"
    " AND (p.checked_at IS NULL OR p.checked_at < clock_timestamp() -"
    " CASE WHEN p.created_at > clock_timestamp() - interval '15 minutes' THEN interval '45 seconds'"
    " ELSE interval '5 minutes' END)"
)
# Money can come after the end of its page (protocols.md §0.1), and its webhook be lost like any other: so what is
# closed is asked for twice more, an hour and a day later.
_TO_ASK_LATE = (
    "SELECT p.id, p.gateway_account_id, p.checked_at, p.created_at FROM payments p"
    " WHERE p.gateway_account_id IS NOT NULL AND p.payment_key IS NULL AND p.flag IS NULL"
    " AND p.reference IS NOT NULL AND p.state <> 'paid'"
    " AND p.closed_at > clock_timestamp() - interval '3 days' AND EXISTS ("
    " SELECT 1 FROM unnest(ARRAY[interval '1 hour', interval '1 day']) AS later"
    " WHERE clock_timestamp() > p.closed_at + later AND p.checked_at < p.closed_at + later)"
)
# Whoever cannot be asked for three days has closed by itself long ago.
_TO_CLOSE = (
    _UNCLOSED + " AND p.created_at > clock_timestamp() - interval '3 days'"
    " AND (o.state <> 'HOLD' OR o.hold_expires_at <= clock_timestamp())"
    # A balance may be paid for as long as it is due: its page ends by itself.
    " AND NOT (p.is_balance AND p.state = 'open' AND o.state = 'PAID' AND p.base_amount = o.balance_due_amount)"
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


Asking = Callable[[Gateways, GatewayAccount, Payment], Awaitable[RemotePayment | None]]


async def ask_again(gateways: Gateways, desk: SaleDesk) -> None:
    """Ask the providers about payments of which nothing was heard, and finish captures that were interrupted."""
    await _Round(gateways, desk, _TO_ASK, _ask).go()
    await _Round(gateways, desk, _TO_ASK_LATE, _ask).go()
    for payment_id in await _list(gateways.database, _CAPTURED):
        await _try(payment_id, capture(gateways.database, desk, payment_id))


async def close_ended(gateways: Gateways, desk: SaleDesk) -> None:
    """Close at the provider what nobody should pay any more, and then let go of the places that it kept."""
    await _Round(gateways, desk, _TO_CLOSE, _close).go()
    while found := await _list(gateways.database, _RELEASABLE):
        events = {await _let_go(gateways.database, order_id) for order_id in found}
        for event_id in events:
            await desk.expire_due(event_id)


@dataclass
class _Round:
    """One question about every payment that a query finds, its accounts beside each other and each within bounds.

    A provider that is slow, or keeps failing, keeps none but its own account waiting, and is left alone until the next
    time; whoever was not asked then comes first.
    """

    gateways: Gateways
    desk: SaleDesk
    query: str
    asking: Asking
    until: float = field(default_factory=lambda: monotonic() + _SECONDS)
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_OF_ALL))

    async def go(self) -> None:
        """Until everything was asked, or the time is over."""
        accounts = text(f"SELECT DISTINCT gateway_account_id FROM ({self.query}) AS found")  # noqa: S608
        async with asyncio.TaskGroup() as group:
            for account_id in await _list(self.gateways.database, accounts):
                group.create_task(_AccountRound(self, account_id).go())


@dataclass
class _AccountRound:
    """The part of a round that one account has."""

    round: _Round
    account_id: UUID
    failures: int = 0
    asked: set[UUID] = field(default_factory=set)
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_OF_AN_ACCOUNT))

    @property
    def is_over(self) -> bool:
        """Whether nothing more is asked in this round."""
        return self.failures >= _MOST_FAILURES or monotonic() >= self.round.until

    async def go(self) -> None:
        """A chunk after the other, the longest unasked first."""
        chunk = text(
            f"SELECT id FROM ({self.round.query}) AS found WHERE gateway_account_id = :account_id"  # noqa: S608
            " ORDER BY checked_at NULLS FIRST, created_at LIMIT :limit"
        )
        while not self.is_over:
            found = await _list(self.round.gateways.database, chunk, account_id=self.account_id)
            fresh = [payment_id for payment_id in found if payment_id not in self.asked]
            if not fresh:
                return
            self.asked.update(fresh)
            async with asyncio.TaskGroup() as group:
                for payment_id in fresh:
                    group.create_task(self._one(payment_id))

    async def _one(self, payment_id: UUID) -> None:
        async with self.slots, self.round.slots:
            if not self.is_over:
                await _try(payment_id, self._ask(payment_id))

    async def _ask(self, payment_id: UUID) -> None:
        gateways = self.round.gateways
        async with gateways.database.write(ACTOR) as session:
            payment = await session.get_one(Payment, payment_id)
            account = await get_account(session, self.account_id)
            payment.checked_at = (await session.scalars(select(func.clock_timestamp()))).one()
        try:
            remote = await self.round.asking(gateways, account, payment)
        except PesanError as error:
            log.warning("a provider could not be asked", provider=account.provider, error=error.code)
            self.failures += 1
            return
        if remote is not None:
            await settle(gateways.database, self.round.desk, account, remote)


async def _try(payment_id: UUID, settling: Awaitable[object]) -> None:
    """What cannot be settled now is tried again the next time, and keeps no other payment waiting."""
    try:
        await settling
    except Exception:
        log.exception("a payment could not be settled", payment=str(payment_id))


async def _ask(gateways: Gateways, account: GatewayAccount, payment: Payment) -> RemotePayment | None:
    """What the provider says; some payments it knows only by a name that it told us itself (protocols.md §1.7)."""
    assert payment.reference is not None
    gateway = gateways.open(account)
    remote = await gateway.fetch(payment.reference, payment.provider_ref)
    if remote is None and (heard := await _heard(gateways.database, payment)):
        remote = await gateway.fetch(payment.reference, heard)
    return remote


async def _heard(database: Database, payment: Payment) -> str | None:
    """The name that the newest webhook about a payment gave it."""
    of_payment = select(WebhookEvent.provider_ref).where(
        WebhookEvent.account_id == payment.gateway_account_id,
        WebhookEvent.reference == payment.reference,
        WebhookEvent.provider_ref.is_not(None),
    )
    async with database.read(ACTOR) as session:
        return (await session.scalars(of_payment.order_by(WebhookEvent.received_at.desc()).limit(1))).first()


async def _close(gateways: Gateways, account: GatewayAccount, payment: Payment) -> RemotePayment | None:
    assert payment.reference is not None
    state = await gateways.open(account).close(payment.reference, payment.provider_ref)
    remote = await _ask(gateways, account, payment)
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


async def _list(database: Database, query: TextClause, **bound: UUID) -> Sequence[UUID]:
    async with database.read(ACTOR) as session:
        return (await session.scalars(query, {"limit": _CHUNK, **bound})).all()
