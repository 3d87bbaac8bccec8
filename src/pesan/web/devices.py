"""Which device at a gate is asking, as far as routes need to know; the gates say which tokens are good."""

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
