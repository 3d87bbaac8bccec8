"""The secret that a development instance makes for itself."""

import os
import stat
from pathlib import Path

import pytest

from pesan.settings import load_settings


def test_the_secret_is_made_once_for_its_owner_alone(tmp_path: Path):
    home = tmp_path / "home"

    first, second = load_settings(home=home), load_settings(home=home)

    assert first.secret == second.secret == (home / "secret").read_bytes()
    assert len(first.secret) == 64
    assert stat.S_IMODE((home / "secret").stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == ["secret"]


def test_the_secret_is_on_the_disk_before_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """File first, then its name: what a power cut leaves is all of it or nothing."""
    flush, flushed = os.fsync, []

    def note(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        flushed.append(("draft" if path.is_file() else "folder", (tmp_path / "secret").exists()))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    load_settings(home=tmp_path)

    assert flushed == [("draft", False), ("folder", True)]
