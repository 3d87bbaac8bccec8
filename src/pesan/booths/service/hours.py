"""When an outlet is open."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete

from pesan.audit import record
from pesan.booths.feed import tell_many
from pesan.booths.models import OutletHours
from pesan.booths.queries.outlets import list_hours
from pesan.booths.service.locks import lock_outlet
from pesan.booths.slots import Opening
from pesan.booths.telling import outlet_changed
from pesan.db import Actor, WriteSession
from pesan.errors import InvalidInput
from pesan.kit.i18n import Text

MOST_A_DAY = 4
_TOO_MANY = Text(id="Paling banyak {most} jam buka sehari.", en="At most {most} opening hours a day.")


async def set_hours(session: WriteSession, event_id: UUID, *, hours: Sequence[Opening], actor: Actor) -> None:
    """Open an outlet in these hours from now on; what is booked stays. Raises OutletNotFound, InvalidInput.

    **Locks** its event.
    """
    outlet, event = await lock_outlet(session, event_id)
    wanted = sorted({(each.weekday, each.opens): each for each in hours}.values())
    before = await list_hours(session, event_id)
    if wanted == before:
        return
    if any(sum(each.weekday == day for each in wanted) > MOST_A_DAY for day in range(7)):
        raise InvalidInput("hours", _TOO_MANY, most=MOST_A_DAY)
    await session.execute(delete(OutletHours).where(OutletHours.event_id == event_id))
    session.add_all(
        OutletHours(
            event_id=event_id,
            merchant_id=outlet.merchant_id,
            weekday=each.weekday,
            opens=each.opens,
            closes=each.closes,
        )
        for each in wanted
    )
    await session.flush()
    was, is_now = ({"hours": [_told(each) for each in each_set]} for each_set in (before, wanted))
    await record(session, event, action="event:outlet:hours_changed", actor=actor, before=was, after=is_now)
    await session.flush()
    await tell_many(session, [outlet_changed(event_id, outlet.merchant_id)])


def _told(hours: Opening) -> str:
    return f"{hours.weekday} {hours.opens:%H:%M}-{hours.closes:%H:%M}"
