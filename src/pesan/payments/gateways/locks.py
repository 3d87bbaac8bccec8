"""The only place that locks accounts and the sandbox's payments; payments are guarded by their order's lock."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import undefer

from pesan.db import WriteSession
from pesan.orders.locks import lock_orders
from pesan.orders.models import Order
from pesan.payments.gateways.errors import AccountNotFound
from pesan.payments.gateways.models import GatewayAccount, SandboxPayment


async def lock_account(session: WriteSession, account_id: UUID) -> GatewayAccount:
    """A merchant's account at a provider, locked for a change; raises AccountNotFound."""
    query = select(GatewayAccount).where(GatewayAccount.id == account_id).with_for_update(key_share=True)
    account = await session.scalar(query.execution_options(populate_existing=True))
    if account is None:
        raise AccountNotFound
    return account


async def lock_all_accounts(session: WriteSession) -> Sequence[GatewayAccount]:
    """Every account with its secrets, locked by id."""
    query = select(GatewayAccount).options(undefer(GatewayAccount.secrets_sealed)).order_by(GatewayAccount.id)
    return (await session.scalars(query.with_for_update(key_share=True))).all()


async def lock_chosen(session: WriteSession, order_id: UUID) -> Order:
    """An order as it is under its lock, whatever was read of it before."""
    await lock_orders(session, [order_id])
    return await session.get_one(Order, order_id, populate_existing=True)


async def lock_sandbox(session: WriteSession, account_id: UUID, reference: str) -> SandboxPayment | None:
    """A payment at the sandbox, locked, if there is one."""
    query = select(SandboxPayment).where(
        SandboxPayment.account_id == account_id, SandboxPayment.reference == reference
    )
    found = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    payment: SandboxPayment | None = await session.scalar(found)
    return payment
