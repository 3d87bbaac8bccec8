"""The gates' face: what devices ask and are told."""

from pesan.gates.api import bundle, scans
from pesan.gates.api.devices import joining, renewing
from pesan.gates.api.devices import router as devices

ROUTERS = (joining, renewing, devices, bundle.router, scans.devices, scans.supervisors)

TAGS = (
    {
        "name": "gates",
        "description": "Devices at an event's gates: joined by a code, known by a key of their own, and able to scan"
        " without a network.",
    },
)

__all__ = ["ROUTERS", "TAGS"]
