"""New sales stop before the disk is full, and nothing else does."""

import shutil
from pathlib import Path

import pytest

from pesan.checkout import room
from pesan.checkout.room import DiskRoom, SalesPaused


def leave(monkeypatch: pytest.MonkeyPatch, share: float) -> None:
    """Let the limit be at `share` of what the disk really has free, however large it is."""
    monkeypatch.setattr(room, "FULL_SHARE", 1.0)
    monkeypatch.setattr(room, "ENOUGH_BYTES", shutil.disk_usage("/").free * share)


def test_disk_with_room_lets_sales_go_on(monkeypatch: pytest.MonkeyPatch):
    leave(monkeypatch, 0.5)

    DiskRoom(Path("/")).require()


def test_disk_without_room_pauses_sales_and_says_when_to_ask_again(monkeypatch: pytest.MonkeyPatch):
    leave(monkeypatch, 2.0)

    with pytest.raises(SalesPaused) as paused:
        DiskRoom(Path("/")).require()

    assert (paused.value.status, paused.value.retry_after) == (503, 60)


def test_large_disk_counts_by_what_is_left_of_it(monkeypatch: pytest.MonkeyPatch):
    leave(monkeypatch, 0.5)
    monkeypatch.setattr(room, "FULL_SHARE", 10.0)

    DiskRoom(Path("/")).require()


def test_disk_that_cannot_be_measured_stops_nobody(tmp_path: Path):
    DiskRoom(tmp_path / "nowhere").require()


async def test_levels_are_those_of_the_disk(tmp_path: Path):
    levels = {level.name: level.readings[0][1] for level in await DiskRoom(tmp_path).levels()()}

    assert set(levels) == {"disk_free_bytes", "disk_total_bytes"}
    assert 0 < levels["disk_free_bytes"] <= levels["disk_total_bytes"]
