"""The screens at a booth, and the code by which the next one joins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pesan.backoffice.views.gate_words import Mark
from pesan.backoffice.views.gates import PairingCode
from pesan.booths.models.devices import BoothDevice
from pesan.kit.i18n import Locale, Text

SILENT_AFTER = timedelta(minutes=3)
"""From when a screen that says nothing counts as away."""

_NEW = (Text(id="Belum pernah terhubung", en="Never connected"), "hourglass", "wait")
_AWAY = (Text(id="Tidak terhubung", en="Not connected"), "wifi-off", "bad")
_HERE = (Text(id="Terhubung", en="Connected"), "circle-check", "good")


@dataclass(frozen=True, slots=True)
class ScreenRow:
    """One screen that may work."""

    id: str
    name: str
    health: Mark
    last_seen_at: datetime | None
    battery: int | None
    app_version: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreensPage:
    """A booth with its screens; `pairing` is a code that was just made."""

    booth: str
    path: str
    screens: Sequence[ScreenRow]
    pairing: PairingCode | None
    done: str
    problem: str


def screen_row(device: BoothDevice, now: datetime, locale: Locale, path: str) -> ScreenRow:
    """A screen as one line of the table at `path`."""
    word, icon, tone = _health(device, now)
    return ScreenRow(
        id=str(device.id),
        name=device.name,
        health=Mark(word.in_(locale), icon, tone),
        last_seen_at=device.last_seen_at,
        battery=device.battery,
        app_version=device.app_version,
        path=f"{path}/{device.id}",
    )


def _health(device: BoothDevice, now: datetime) -> tuple[Text, str, str]:
    if device.last_seen_at is None:
        return _NEW
    return _AWAY if now - device.last_seen_at > SILENT_AFTER else _HERE
