"""The list of who was erased, in a file that outlives the database: a restored backup knows nothing of them."""

import fcntl
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import orjson

from pesan.privacy.errors import ErasureListMissing
from pesan.settings import Settings


@dataclass(frozen=True, slots=True, order=True)
class Erased:
    """That a merchant erased somebody and when: the mark (by the secret that `key_id` names) is all that is kept."""

    erased_at: datetime
    merchant_id: UUID
    mark: bytes
    key_id: str


class Contents(NamedTuple):
    """What a list holds, and how many of its lines cannot be read."""

    entries: frozenset[Erased]
    broken: int


def list_path(settings: Settings) -> Path:
    """Where this instance keeps its list."""
    return settings.erasure_list or settings.home / "erasures.jsonl"


def read_list(path: Path) -> Contents:
    """The list; raises ErasureListMissing, which is not the same as an empty one."""
    if not path.exists():
        raise ErasureListMissing(path=str(path))
    return _parse(path.read_bytes())


def add_to_list(path: Path, entries: Iterable[Erased]) -> int:
    """Add what is missing at the end, safely on the disk when it returns; returns how many.

    Half a line, left by a power cut, stays as it is: its entry is missing, and so is added again.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        held = file.read()
        missing = sorted(set(entries) - _parse(held).entries)
        if missing:
            file.write(b"\n" if held and not held.endswith(b"\n") else b"")
            file.writelines(format_line(entry) for entry in missing)
            file.flush()
            os.fsync(descriptor)
    return len(missing)


def format_line(entry: Erased) -> bytes:
    """One line of the list."""
    line = {
        "erased_at": entry.erased_at.astimezone(UTC).isoformat(),
        "merchant": str(entry.merchant_id),
        "mark": entry.mark.hex(),
        "key": entry.key_id,
    }
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def _parse(content: bytes) -> Contents:
    lines = [line for line in content.splitlines() if line.strip()]
    entries = [_read_line(line) for line in lines]
    return Contents(frozenset(entry for entry in entries if entry), entries.count(None))


def _read_line(line: bytes) -> Erased | None:
    try:
        said = orjson.loads(line)
        at = datetime.fromisoformat(said["erased_at"]).astimezone(UTC)
        return Erased(at, UUID(said["merchant"]), bytes.fromhex(said["mark"]), str(said["key"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
