"""A log file per day, shared by every process, and gone after two weeks."""

import os
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

KEEP_DAYS = 14
_DAY = 86_400
_PREFIX = "pesan-"
_SUFFIX = ".jsonl"


class DailyFile:
    """Appends lines to `pesan-2026-11-21.jsonl` in `folder`, by the UTC day.

    Several processes write to one file: each line is a single append, and the day is in the name, so nobody
    renames a file under another's feet. A full disk loses log lines and nothing else.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._day = -1
        self._descriptor = -1

    def write(self, line: bytes) -> None:
        """Append one line, ending in a newline."""
        with suppress(OSError):
            if int(time.time()) // _DAY != self._day:
                self._open_today()
            os.write(self._descriptor, line)

    def close(self) -> None:
        """Let go of the file; the next line opens it again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._day = -1, -1

    def _open_today(self) -> None:
        self.close()
        self._folder.mkdir(parents=True, exist_ok=True)
        today = datetime.now(UTC)
        path = self._folder / f"{_PREFIX}{today:%Y-%m-%d}{_SUFFIX}"
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._day = int(time.time()) // _DAY
        remove_old(self._folder, today)


def remove_old(folder: Path, now: datetime) -> None:
    """Delete the logs of days that are more than two weeks past."""
    oldest = f"{_PREFIX}{now - timedelta(days=KEEP_DAYS):%Y-%m-%d}{_SUFFIX}"
    for path in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
        if path.name < oldest:
            path.unlink(missing_ok=True)
