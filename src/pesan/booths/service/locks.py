"""The only place that locks outlets, booths and merchants before they change; an outlet's pool after the outlet."""

from typing import TypeVar
from uuid import UUID

from sqlalchemy import Select, select

from pesan.booths.errors import BoothNotFound, OutletNotFound
from pesan.booths.models import Booth, Outlet
from pesan.capacity.locks import lock_pools
from pesan.catalog.models import Event
from pesan.db import WriteSession
from pesan.db.pipeline import pipelined
from pesan.tenancy.errors import MerchantNotFound
from pesan.tenancy.models import Merchant

Row = TypeVar("Row")


async def lock_outlet(session: WriteSession, event_id: UUID) -> tuple[Outlet, Event]:
    """The outlet with its event, whose row stands for both, with nobody else changing them; raises OutletNotFound."""
    event = await _lock(session, select(Event).where(Event.id == event_id))
    outlet = await session.get(Outlet, event_id, populate_existing=True)
    if event is None or outlet is None:
        raise OutletNotFound
    return outlet, event


async def lock_sale(session: WriteSession, event: Event) -> None:
    """Let no order of the outlet's be placed until the transaction ends; after its event."""
    async with pipelined(session) as pipe:
        await lock_pools(pipe, [event.pool_id])


async def lock_booth(session: WriteSession, event_id: UUID, booth_id: UUID) -> Booth:
    """A booth of this outlet, with nobody else writing its history; raises BoothNotFound."""
    booth = await _lock(session, select(Booth).where(Booth.event_id == event_id, Booth.id == booth_id))
    if booth is None:
        raise BoothNotFound
    return booth


async def lock_merchant(session: WriteSession, merchant_id: UUID) -> Merchant:
    """The merchant, with nobody else writing its history; raises MerchantNotFound."""
    merchant = await _lock(session, select(Merchant).where(Merchant.id == merchant_id))
    if merchant is None:
        raise MerchantNotFound
    return merchant


async def _lock(session: WriteSession, query: Select[Row]) -> Row | None:
    """The one row of `query` as it is now, locked; what refers to it waits for nothing."""
    return await session.scalar(
        query.with_for_update(key_share=True).execution_options(populate_existing=True)
    )
