"""Every read of the screens of booths."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from pesan.booths.models import Booth, Outlet
from pesan.booths.models.devices import BoothDevice
from pesan.booths.screens.errors import ScreenNotFound, ScreenRevoked
from pesan.db import ReadSession
from pesan.web.devices import BoothClaims


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a screen stands, by its present names."""

    device: str
    booth: Booth
    outlet: Outlet


async def require_live(session: ReadSession, claims: BoothClaims) -> Stand:
    """Where the screen of a token stands, in a transaction of its own actor (`tenure.actor_of`).

    Raises ScreenRevoked, also for one that is not there.
    """
    query = (
        select(BoothDevice.name, Booth, Outlet)
        .join(Booth, Booth.id == BoothDevice.booth_id)
        .join(Outlet, Outlet.event_id == BoothDevice.event_id)
        .where(
            BoothDevice.id == claims.device_id,
            BoothDevice.event_id == claims.event_id,
            BoothDevice.booth_id == claims.booth_id,
            BoothDevice.revoked_at.is_(None),
        )
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise ScreenRevoked
    return Stand(*row)


async def get_device(session: ReadSession, event_id: UUID, booth_id: UUID, device_id: UUID) -> BoothDevice:
    """One screen of the booth that may work; raises ScreenNotFound."""
    query = select(BoothDevice).where(
        BoothDevice.id == device_id,
        BoothDevice.event_id == event_id,
        BoothDevice.booth_id == booth_id,
        BoothDevice.revoked_at.is_(None),
    )
    device = await session.scalar(query)
    if device is None:
        raise ScreenNotFound
    return device


async def list_devices(session: ReadSession, event_id: UUID, booth_id: UUID) -> Sequence[BoothDevice]:
    """The booth's screens that may work, the latest first."""
    query = select(BoothDevice).where(
        BoothDevice.event_id == event_id, BoothDevice.booth_id == booth_id, BoothDevice.revoked_at.is_(None)
    )
    return (await session.scalars(query.order_by(BoothDevice.registered_at.desc(), BoothDevice.id))).all()
