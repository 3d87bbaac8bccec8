"""Which paired device is asking, as far as routes need to know; the desks say which tokens are good."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class DeviceClaims:
    """What a device's token says: which device, at which gate of which event, and whose event that is."""

    device_id: UUID
    event_id: UUID
    gate_id: UUID
    merchant_id: UUID


class Devices:
    """Reads the tokens that devices show; whether one was revoked since, its row says."""

    def read(self, token: str) -> DeviceClaims | None:  # noqa: ARG002  whoever makes tokens reads it
        """The device that `token` is valid for now; none where no tokens are made."""
        return None


@dataclass(frozen=True, slots=True)
class BoothClaims:
    """What the token of a booth's screen says: which device, at which booth of which outlet, and whose that is."""

    device_id: UUID
    event_id: UUID
    booth_id: UUID
    merchant_id: UUID


class BoothDevices:
    """Reads the tokens that the screens of booths show; whether one was revoked since, its row says."""

    def read(self, token: str) -> BoothClaims | None:  # noqa: ARG002  whoever makes tokens reads it
        """The device that `token` is valid for now; none where no tokens are made."""
        return None
