"""Every read of outgoing webhooks."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import any_, literal, select

from pesan.db import ReadSession
from pesan.hooks.models import HookDelivery, HookEndpoint
from pesan.identity.models import Membership
from pesan.identity.states import MerchantRole

_MOST_SHOWN = 50


async def list_endpoints(session: ReadSession, merchant_id: UUID) -> Sequence[HookEndpoint]:
    """A merchant's endpoints, the oldest first."""
    query = select(HookEndpoint).where(HookEndpoint.merchant_id == merchant_id)
    return (await session.scalars(query.order_by(HookEndpoint.created_at, HookEndpoint.id))).all()


async def list_listening(session: ReadSession, merchant_id: UUID, kind: str) -> Sequence[UUID]:
    """The endpoints that are to be told of this kind of thing."""
    query = select(HookEndpoint.id).where(
        HookEndpoint.merchant_id == merchant_id,
        HookEndpoint.is_active,
        literal(kind) == any_(HookEndpoint.kinds),
    )
    return (await session.scalars(query.order_by(HookEndpoint.id))).all()


async def list_deliveries(session: ReadSession, merchant_id: UUID) -> Sequence[tuple[HookDelivery, str]]:
    """A merchant's last messages with the addresses they go to, the newest first."""
    query = (
        select(HookDelivery, HookEndpoint.url)
        .join(HookEndpoint, HookEndpoint.id == HookDelivery.endpoint_id)
        .where(HookDelivery.merchant_id == merchant_id)
        .order_by(HookDelivery.id.desc())
        .limit(_MOST_SHOWN)
    )
    return [(delivery, url) for delivery, url in await session.execute(query)]


async def list_organizers(session: ReadSession, merchant_id: UUID) -> Sequence[UUID]:
    """The people who run a merchant's events, and so its webhooks."""
    query = select(Membership.user_id).where(
        Membership.merchant_id == merchant_id, Membership.role == MerchantRole.ORGANIZER
    )
    return (await session.scalars(query.order_by(Membership.user_id))).all()
