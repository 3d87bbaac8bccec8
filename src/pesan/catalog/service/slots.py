"""Times of a booth come to be when somebody first asks for them."""

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from pesan.capacity.service import create_pool
from pesan.catalog.models import Slot
from pesan.db import WriteSession
from pesan.db.waits import violates
from pesan.kit.ids import new_id

_TWICE = "uq_slots_resource_starts_at_ends_at"


@dataclass(frozen=True, slots=True)
class SlotTime:
    """A time of one booth of an event's, half-open; `resource` is the booth's number."""

    merchant_id: UUID
    event_id: UUID
    resource: int
    starts_at: datetime
    ends_at: datetime


async def ensure_slot(session: WriteSession, time: SlotTime) -> Slot:
    """The slot of this time, with its pool of one place; made unless somebody was first.

    In a transaction of its own in the role of a sale, because whoever comes second waits for the first one's commit.
    """
    return await _find(session, time) or await _make(session, time)


async def _find(session: WriteSession, time: SlotTime) -> Slot | None:
    at = (Slot.starts_at == time.starts_at, Slot.ends_at == time.ends_at)
    return (await session.scalars(select(Slot).where(Slot.resource == time.resource, *at))).one_or_none()


async def _make(session: WriteSession, time: SlotTime) -> Slot:
    try:
        async with session.begin_nested():
            pool = await create_pool(session, merchant_id=time.merchant_id, capacity=1, hold_ratio=Decimal(1))
            slot = Slot(id=new_id(), pool_id=pool.id, **asdict(time))
            session.add(slot)
            await session.flush()
    except IntegrityError as error:
        if not violates(error, _TWICE):
            raise
        found = await _find(session, time)
        assert found is not None
        return found
    return slot
