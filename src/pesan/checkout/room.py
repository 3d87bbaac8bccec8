"""Whether the disk still has room for new sales: what was sold must be paid, shown and scanned on what is left."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from pesan.errors import PesanError
from pesan.kit.exposition import Level, LevelSource
from pesan.kit.i18n import Text

# New sales stop at nine tenths of a small disk; of a large one, when this much is left.
FULL_SHARE = 0.1
ENOUGH_BYTES = 1024**3
RETRY_AFTER_SECONDS = 60
LOOK_SECONDS = 0.2


class SalesPaused(PesanError):
    """The disk is nearly full; sales go on by themselves once there is room again."""

    code = "sale.paused"
    status = 503
    message = Text(
        id="Pemesanan berhenti sebentar. Coba lagi beberapa menit lagi.",
        en="Booking has stopped for a moment. Please try again in a few minutes.",
    )


class DiskRoom:
    """The disk that holds an instance's folder: the embedded database, uploaded files and logs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._has_room = True
        self._look_again_at = 0.0

    def require(self) -> None:
        """Raises SalesPaused when the disk is nearly full; one that cannot be measured is not.

        Of a rush only one request in `LOOK_SECONDS` looks, which is far less than filling the rest takes.
        """
        now = monotonic()
        if now >= self._look_again_at:
            self._has_room = self._look()
            self._look_again_at = now + LOOK_SECONDS
        if not self._has_room:
            raise SalesPaused(retry_after=RETRY_AFTER_SECONDS)

    def _look(self) -> bool:
        try:
            usage = shutil.disk_usage(self._folder)
        except OSError:
            return True
        return usage.free >= min(usage.total * FULL_SHARE, ENOUGH_BYTES)

    def levels(self) -> LevelSource:
        """Free and whole size of the disk, read when somebody scrapes."""

        async def read() -> Sequence[Level]:
            usage = shutil.disk_usage(self._folder)
            return [
                Level("disk_free_bytes", "Room on the disk of PESAN_HOME.", [({}, float(usage.free))]),
                Level("disk_total_bytes", "Size of the disk of PESAN_HOME.", [({}, float(usage.total))]),
            ]

        return read
