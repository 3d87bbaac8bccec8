"""What the pages of an event's gates show."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pesan.backoffice.forms.state import FormState
from pesan.backoffice.views.gate_devices import DeviceRow
from pesan.gates.queries import GateRow
from pesan.gates.states import Reentry, StaticCodes
from pesan.gates.verdict import Rules
from pesan.kit.i18n import Text

REENTRY = {
    Reentry.NONE: Text(id="Tidak bisa masuk lagi", en="No coming back in"),
    Reentry.AFTER_EXIT: Text(
        id="Bisa masuk lagi setelah discan keluar", en="Back in after being scanned out"
    ),
}
STATIC_CODES = {
    StaticCodes.ACCEPT: Text(id="Terima", en="Accept"),
    StaticCodes.WARN: Text(id="Terima, dengan peringatan", en="Accept, with a warning"),
    StaticCodes.REFUSE: Text(id="Tolak", en="Refuse"),
}


@dataclass(frozen=True, slots=True)
class GateCard:
    """One gate, with how many devices of it may work."""

    name: str
    location: str
    devices: int
    is_closed: bool
    path: str


@dataclass(frozen=True, slots=True)
class OwnDevice:
    """One device, with the address where it is changed; none for one that was revoked."""

    row: DeviceRow
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GatesPage:
    """An event's gates and devices, and how the gates work."""

    event_title: str
    event_path: str
    path: str
    gates: Sequence[GateCard]
    devices: Sequence[OwnDevice]
    rules: Rules
    gate_form: FormState
    rules_form: FormState
    done: str = ""
    problem: str = ""
    problem_kind: str = ""


@dataclass(frozen=True, slots=True)
class PairingCode:
    """A code for one device, as it is shown this once."""

    shown: str
    address: str
    picture: Markup
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePage:
    """One gate: its name, and the code by which a device joins it."""

    event_title: str
    gates_path: str
    gate: GateCard
    form: FormState
    pairing: PairingCode | None = None
    done: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePage:
    """One device: its name, and at which of the open gates it stands."""

    event_title: str
    gates_path: str
    name: str
    path: str
    gates: Sequence[tuple[str, str]]
    form: FormState
    problem: str = ""


def gate_card(row: GateRow, path: str) -> GateCard:
    """A gate as a card."""
    gate = row.gate
    is_closed = gate.closed_at is not None
    return GateCard(gate.name, gate.location, row.devices, is_closed, f"{path}/{gate.id}")
