"""Every read of merchants."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from pesan.db import ReadSession
from pesan.tenancy.errors import MerchantNotFound
from pesan.tenancy.models import Merchant


async def get_merchant(session: ReadSession, merchant_id: UUID) -> Merchant:
    """The merchant; raises MerchantNotFound."""
    merchant = await session.get(Merchant, merchant_id)
    if merchant is None:
        raise MerchantNotFound
    return merchant


async def get_merchant_by_slug(session: ReadSession, slug: str) -> Merchant:
    """The merchant at this slug, whatever its case; raises MerchantNotFound."""
    merchant = await session.scalar(select(Merchant).where(func.lower(Merchant.slug) == slug.lower()))
    if merchant is None:
        raise MerchantNotFound
    return merchant


async def list_merchants(session: ReadSession) -> Sequence[Merchant]:
    """Every merchant that the session may see, by name."""
    return (await session.scalars(select(Merchant).order_by(Merchant.name))).all()
