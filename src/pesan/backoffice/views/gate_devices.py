"""How a device at a gate is: a word, an icon and a colour for it, and whatever wants a look."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pesan.backoffice.views.gate_words import Mark
from pesan.gates.models import GateDevice
from pesan.kit.i18n import Locale, Text

SILENT_AFTER = timedelta(minutes=2)
"""From when a device that says nothing counts as away."""
LOW_BATTERY = 20
MOST_SKEW_MS = 120_000

_REVOKED = (Text(id="Dicabut", en="Revoked"), "ban", "gone")
_NEW = (Text(id="Belum pernah terhubung", en="Never connected"), "hourglass", "wait")
_AWAY = (Text(id="Tidak terhubung", en="Not connected"), "wifi-off", "bad")
_HERE = (Text(id="Terhubung", en="Connected"), "circle-check", "good")
_BATTERY = Text(id="Baterai hampir habis", en="Battery low")
_QUEUE = Text(id="Belum terkirim semua", en="Not all sent yet")
_ORPHANED = Text(id="Pemasang bukan tim lagi", en="Pairer left the team")
_SKEW = Text(id="Jamnya meleset", en="Clock is off")


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """One device of the event; a number that it never told is None."""

    name: str
    gate: str
    health: Mark
    warnings: Sequence[str]
    last_seen_at: datetime | None
    battery: int | None
    queue_length: int | None
    skew_seconds: int | None
    app_version: str


def device_row(
    device: GateDevice, gate: str, now: datetime, locale: Locale, *, is_orphaned: bool = False
) -> DeviceRow:
    """A device as one line; `is_orphaned` when whoever paired it works for the event no more."""
    word, icon, tone = _health(device, now)
    return DeviceRow(
        name=device.name,
        gate=gate,
        health=Mark(word.in_(locale), icon, tone),
        warnings=[text.in_(locale) for text in _warnings(device, is_orphaned=is_orphaned)],
        last_seen_at=device.last_seen_at,
        battery=device.battery,
        queue_length=device.queue_length,
        skew_seconds=None if device.skew_ms is None else round(device.skew_ms / 1000),
        app_version=device.app_version,
    )


def _health(device: GateDevice, now: datetime) -> tuple[Text, str, str]:
    if device.revoked_at is not None:
        return _REVOKED
    if device.last_seen_at is None:
        return _NEW
    return _AWAY if now - device.last_seen_at > SILENT_AFTER else _HERE


def _warnings(device: GateDevice, *, is_orphaned: bool) -> Iterator[Text]:
    if device.revoked_at is not None:
        return
    if is_orphaned:
        yield _ORPHANED
    if device.battery is not None and device.battery <= LOW_BATTERY:
        yield _BATTERY
    if device.queue_length:
        yield _QUEUE
    if abs(device.skew_ms or 0) > MOST_SKEW_MS:
        yield _SKEW
