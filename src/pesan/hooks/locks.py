"""The only place that locks merchants, endpoints and deliveries of outgoing webhooks, in this order."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import undefer

from pesan.db import WriteSession
from pesan.hooks.errors import EndpointNotFound
from pesan.hooks.models import HookDelivery, HookEndpoint, HookSecret
from pesan.tenancy.models import Merchant


async def lock_merchant(session: WriteSession, merchant_id: UUID) -> None:
    """Let nobody else say meanwhile whether this merchant has endpoints."""
    await session.execute(
        select(Merchant.id).where(Merchant.id == merchant_id).with_for_update(key_share=True)
    )


async def lock_endpoint(session: WriteSession, endpoint_id: UUID, *, merchant_id: UUID) -> HookEndpoint:
    """One of this merchant's endpoints, locked for a change; raises EndpointNotFound."""
    query = select(HookEndpoint).where(
        HookEndpoint.id == endpoint_id, HookEndpoint.merchant_id == merchant_id
    )
    locked = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    endpoint: HookEndpoint | None = await session.scalar(locked)
    if endpoint is None:
        raise EndpointNotFound
    return endpoint


async def lock_delivery(session: WriteSession, delivery_id: UUID) -> HookDelivery | None:
    """A delivery around its attempt, locked, if it is still kept."""
    query = select(HookDelivery).where(HookDelivery.id == delivery_id).with_for_update(key_share=True)
    delivery: HookDelivery | None = await session.scalar(query.execution_options(populate_existing=True))
    return delivery


async def lock_all_secrets(session: WriteSession) -> Sequence[HookSecret]:
    """Every secret with what it seals, locked by id."""
    query = select(HookSecret).options(undefer(HookSecret.sealed)).order_by(HookSecret.id)
    return (await session.scalars(query.with_for_update(key_share=True))).all()
