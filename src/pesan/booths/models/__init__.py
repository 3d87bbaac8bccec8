"""Outlets, their booths and hours, what is booked there, and what is told of it."""

from pesan.booths.models import booths, configs, devices, feeds, outlets, sessions
from pesan.booths.models.booths import Booth
from pesan.booths.models.configs import BoothConfig
from pesan.booths.models.outlets import Outlet, OutletHours
from pesan.booths.models.sessions import BoothSession

__all__ = ["ACCESS", "Booth", "BoothConfig", "BoothSession", "Outlet", "OutletHours"]

ACCESS = [*outlets.ACCESS, *booths.ACCESS, *configs.ACCESS, *sessions.ACCESS, *feeds.ACCESS, *devices.ACCESS]
