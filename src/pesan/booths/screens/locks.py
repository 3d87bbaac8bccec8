"""The only place that locks pairing codes and screens; each alone."""

from uuid import UUID

from sqlalchemy import select

from pesan.booths.models.devices import BoothDevice, BoothPairing
from pesan.db import WriteSession

_HOW = {"populate_existing": True}


async def lock_pairing(session: WriteSession, code_digest: bytes) -> BoothPairing | None:
    """The pairing code, which nobody else can use meanwhile; None when there is no such code to be seen."""
    query = select(BoothPairing).where(BoothPairing.code_digest == code_digest)
    return await session.scalar(query.with_for_update(key_share=True).execution_options(**_HOW))


async def lock_device(session: WriteSession, device_id: UUID, *, event_id: UUID) -> BoothDevice | None:
    """A screen of this outlet, with nobody else writing its audit chain; None when it is not to be seen."""
    query = select(BoothDevice).where(BoothDevice.id == device_id, BoothDevice.event_id == event_id)
    return await session.scalar(query.with_for_update(key_share=True).execution_options(**_HOW))
