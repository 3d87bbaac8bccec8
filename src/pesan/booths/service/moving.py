"""Giving a booked session another time of its outlet's."""

from uuid import UUID

from pesan.booths.desk import BoothDesk
from pesan.booths.rescheduling import NewTime
from pesan.booths.service.booking import TimeWish, reserve_each
from pesan.capacity.errors import SlotHeld, SlotTaken
from pesan.db import Actor, Database
from pesan.errors import PesanError


async def move_session(
    database: Database, desk: BoothDesk, session_id: UUID, wish: TimeWish, *, actor: Actor
) -> None:
    """Move a session to this time, at the first booth that has it; the time that it had is free again.

    Raises OutletNotFound, SlotNotFound, SlotTaken, SlotHeld, SessionNotFound, NotReschedulable.
    """
    refusal: PesanError = SlotTaken()
    async for reserved in reserve_each(database, wish, actor):
        to = NewTime(reserved.booth, reserved.span, reserved.slot)
        try:
            return await desk.reschedule(session_id, to, actor=actor)
        except (SlotTaken, SlotHeld) as error:
            refusal = error  # somebody was first; another booth may have the same time
    raise refusal
