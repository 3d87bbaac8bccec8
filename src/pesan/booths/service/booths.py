"""An outlet's booths: added, named, closed and opened again."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from pesan.audit import record
from pesan.booths.errors import BoothNameTaken, TooManyBooths
from pesan.booths.feed import tell_many
from pesan.booths.models import Booth
from pesan.booths.service.locks import lock_booth, lock_outlet
from pesan.booths.telling import outlet_changed
from pesan.db import Actor, WriteSession
from pesan.db.waits import violates
from pesan.kit.ids import new_id

MAX_BOOTHS = 500
_NAME = "uq_booths_name"


async def add_booth(session: WriteSession, event_id: UUID, *, name: str, actor: Actor) -> Booth:
    """A new booth, which can be booked at once; raises OutletNotFound, BoothNameTaken, TooManyBooths.

    **Locks** the outlet's event.
    """
    outlet, _ = await lock_outlet(session, event_id)
    count = select(func.count()).where(Booth.event_id == event_id)
    if (await session.scalar(count) or 0) >= MAX_BOOTHS:
        raise TooManyBooths(most=MAX_BOOTHS)
    booth = Booth(id=new_id(), merchant_id=outlet.merchant_id, event_id=event_id, name=name)
    session.add(booth)
    await _note(session, booth, "booth:booth:added", actor, {"name": name})
    return booth


async def rename_booth(
    session: WriteSession, event_id: UUID, booth_id: UUID, *, name: str, actor: Actor
) -> None:
    """Call a booth something else; raises BoothNotFound, BoothNameTaken. **Locks** it."""
    booth = await lock_booth(session, event_id, booth_id)
    if booth.name != name:
        told = {"before": booth.name, "after": name}
        booth.name = name
        await _note(session, booth, "booth:booth:renamed", actor, told)


async def close_booth(session: WriteSession, event_id: UUID, booth_id: UUID, *, actor: Actor) -> None:
    """Take no more bookings for a booth; those that it has stay. Raises BoothNotFound. **Locks** it."""
    booth = await lock_booth(session, event_id, booth_id)
    if not booth.is_closed:
        booth.is_closed = True
        await _note(session, booth, "booth:booth:closed", actor)


async def reopen_booth(session: WriteSession, event_id: UUID, booth_id: UUID, *, actor: Actor) -> None:
    """Let a closed booth be booked again; raises BoothNotFound. **Locks** it."""
    booth = await lock_booth(session, event_id, booth_id)
    if booth.is_closed:
        booth.is_closed = False
        await _note(session, booth, "booth:booth:reopened", actor)


async def _note(
    session: WriteSession, booth: Booth, action: str, actor: Actor, data: dict[str, str] | None = None
) -> None:
    """Write what waits, its history, and that the outlet changed; raises BoothNameTaken."""
    try:
        await session.flush()
    except IntegrityError as error:
        if violates(error, _NAME):
            raise BoothNameTaken from error
        raise
    await record(session, booth, action=action, actor=actor, data=data)
    await session.flush()
    await tell_many(session, [outlet_changed(booth.event_id, booth.merchant_id, booth_id=booth.id)])
