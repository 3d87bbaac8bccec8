"""Until when a device is kept going: while whoever paired it works for the event, and a little beyond its end."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select

from pesan.catalog.models import Event
from pesan.db import Database
from pesan.gates.errors import DeviceOver
from pesan.gates.models import GateDevice
from pesan.gates.queries import require_live
from pesan.identity.queries import list_working
from pesan.web.devices import DeviceClaims

GRACE = timedelta(days=3)
"""How long after its event's end a device still gets tokens and lists: what was scanned in a field without a network on
the last night is sent from home in these days. Nobody needs the guests' names on phones for longer."""


async def require_tenure(database: Database, device: DeviceClaims) -> None:
    """Let a device have its next token, or its event's names; raises DeviceRevoked, GateShut, DeviceOver.

    What it scanned is taken all the same: nobody asks here for that. In transactions of its own, because the gates'
    role sees nobody's place on a team.
    """
    async with database.gate(device.event_id) as session:
        await require_live(session, device)
        query = (
            select(GateDevice.registered_by, Event.ends_at + GRACE <= func.clock_timestamp())
            .join(Event, Event.id == GateDevice.event_id)
            .where(GateDevice.id == device.device_id)
        )
        registered_by, is_past = (await session.execute(query)).one()
    if is_past:
        raise DeviceOver
    of_event = {"merchant_id": device.merchant_id, "event_id": device.event_id}
    if not await find_working(database, [registered_by], **of_event):
        raise DeviceOver


async def find_working(
    database: Database, user_ids: Collection[UUID], *, merchant_id: UUID, event_id: UUID
) -> frozenset[UUID]:
    """Who of these people has a part in the event."""
    async with database.identity() as session:
        return await list_working(session, user_ids, merchant_id=merchant_id, event_id=event_id)
