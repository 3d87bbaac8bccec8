"""Writes to merchants."""

from sqlalchemy.exc import IntegrityError

from pesan.audit import record
from pesan.db import Actor, WriteSession
from pesan.db.waits import violates
from pesan.kit.ids import new_id
from pesan.tenancy.errors import SlugTaken
from pesan.tenancy.legal.service import seed
from pesan.tenancy.models import Merchant


async def create_merchant(
    session: WriteSession,
    *,
    name: str,
    slug: str,
    actor: Actor,
    zone: str = "Asia/Jakarta",
    accent: str = "#5b3df5",
) -> Merchant:
    """A new merchant, with legal pages to start from; raises SlugTaken."""
    merchant = Merchant(id=new_id(), name=name, slug=slug, zone=zone, accent=accent)
    session.add(merchant)
    try:
        await session.flush()
    except IntegrityError as error:
        if violates(error, "uq_merchants_slug"):
            raise SlugTaken(slug=slug) from error
        raise
    await seed(session, merchant.id)
    await record(session, merchant, action="merchant:profile:created", actor=actor, merchant_id=merchant.id)
    return merchant
