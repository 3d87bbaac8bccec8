"""Ticking off what was bought."""

from uuid import UUID

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert

from pesan.audit import record
from pesan.db import Actor, WriteSession
from pesan.jastip.errors import FewerBought, ProductNotFound
from pesan.jastip.locks import lock_product
from pesan.jastip.models import Product, Purchase
from pesan.jastip.queries.shopping import count_wanted
from pesan.jastip.service.products import MAX_STOCK


async def note_bought(
    session: WriteSession, product_id: UUID, *, trip_id: UUID, pieces: int | None, actor: Actor
) -> int:
    """So many more pieces were bought, or fewer; without a number, all that are wanted. How many the count changed by.

    **Locks** the product's type. Raises ProductNotFound, FewerBought.
    """
    product, kind = await lock_product(session, product_id)
    if product.event_id != trip_id:
        raise ProductNotFound
    found = await session.get(Purchase, product_id, populate_existing=True)
    before = found.bought if found else 0
    if pieces is None:
        pieces = max(0, await count_wanted(session, trip_id=trip_id, product_id=product_id) - before)
    change = min(pieces, MAX_STOCK - before)
    if before + change < 0:
        raise FewerBought
    if not change:
        return 0
    await _count(session, product, change)
    await record(
        session,
        kind,
        action="ticket_type:product:bought",
        actor=actor,
        before={"bought": before},
        after={"bought": before + change},
    )
    await session.flush()
    return change


async def _count(session: WriteSession, product: Product, change: int) -> None:
    """By how much it changes, and not what it becomes: an order that is sent meanwhile takes its pieces off too."""
    now = func.clock_timestamp()
    added = insert(Purchase).values(
        product_id=product.id,
        merchant_id=product.merchant_id,
        event_id=product.event_id,
        bought=max(change, 0),
    )
    upsert = added.on_conflict_do_update(
        index_elements=["product_id"],
        set_={"bought": Purchase.bought + change, "updated_at": now},
        where=Purchase.bought + change >= 0,
    )
    if await session.scalar(upsert.returning(Purchase.product_id)) is None:
        raise FewerBought
