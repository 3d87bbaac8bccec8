"""How a merchant's booths work."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from pesan.booths.models import BoothConfig
from pesan.booths.models.configs import DEFAULT_DURATION_MINUTES, DEFAULT_TOLERANCE_MINUTES
from pesan.db import ReadSession


@dataclass(frozen=True, slots=True)
class Config:
    """How long a session takes and how late its customer may come."""

    session_duration_minutes: int = DEFAULT_DURATION_MINUTES
    arrival_tolerance_minutes: int = DEFAULT_TOLERANCE_MINUTES

    @property
    def duration(self) -> timedelta:
        """How long a slot is that is booked now."""
        return timedelta(minutes=self.session_duration_minutes)


async def get_config(session: ReadSession, merchant_id: UUID) -> Config:
    """What the merchant decided, or the defaults."""
    row = await session.get(BoothConfig, merchant_id, populate_existing=True)
    return Config(row.session_duration_minutes, row.arrival_tolerance_minutes) if row else Config()
