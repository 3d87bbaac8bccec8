"""How the counts of several processes become one page for Prometheus.

prometheus_client's multi-process mode keeps each process's values in memory-mapped files of one folder, so that they
survive a killed process and any process can answer for all.
"""

import asyncio
import fcntl
import logging
import os
import struct
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import prometheus_client as prometheus
from prometheus_client import mmap_dict, multiprocess, values
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pesan.kit.metrics import DECLARED, LOCAL

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LEVEL_SECONDS = 5.0
_ARCHIVE = "archive"
_RESERVED = {"counter": 1 << 20, "histogram": 1 << 22, "gauge_livesum": 1 << 16}
_log = logging.getLogger(__name__)
# The library has no types for its files.
_values: Any = values
_mmap: Any = mmap_dict
_multiprocess: Any = multiprocess

Reading = tuple[dict[str, str], float]
"""Labels and a value."""


class Level:
    """A gauge that is asked for when somebody scrapes: queue lengths, places of a pool, drift."""

    def __init__(self, name: str, help_text: str, readings: Iterable[Reading]) -> None:
        self.name = name
        self.help_text = help_text
        self.readings = list(readings)

    def family(self) -> Metric:
        """As the client library renders it."""
        family = GaugeMetricFamily(self.name, self.help_text)
        for labels, value in self.readings:
            family.add_sample(self.name, labels, value)
        return family


LevelSource = Callable[[], Awaitable[Sequence[Level]]]


class Levels:
    """The sources of levels that composition roots register; a failing or slow one leaves the others alone."""

    def __init__(self) -> None:
        self._sources: list[LevelSource] = []

    def add(self, source: LevelSource) -> None:
        """Ask `source` at every scrape."""
        self._sources.append(source)

    async def read(self) -> list[Level]:
        """Every level that could be read within a few seconds, and how many sources could not."""
        found: list[Level] = []
        failed = 0
        for source in self._sources:
            try:
                async with asyncio.timeout(LEVEL_SECONDS):
                    found.extend(await source())
            except Exception:  # noqa: BLE001  a scrape shows what it can
                failed += 1
        found.append(
            Level("level_sources_failed", "Sources of levels that could not be read.", [({}, failed)])
        )
        return found


def use_folder(folder: Path) -> None:
    """Keep this process's values in `folder`, together with those of the other processes that use it.

    Values of processes that are gone move into one archive file, so that sums never drop and files do not pile up.
    Call before any metric is used, in every process. Where there is no room on the disk, the process counts for
    itself alone.
    """
    if any("metric" in vars(declared) for declared in DECLARED):
        raise RuntimeError("a metric was used before its folder was chosen")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _RESERVED:
            _reserve(folder, name, str(os.getpid()))
        _archive_dead(folder)
    except OSError as error:
        _log.warning("metrics of this process stay its own: %s", error.strerror)
        return
    # The client library reads its folder from the environment and nowhere else.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    _values.ValueClass = _values.MultiProcessValue()


def _reserve(folder: Path, name: str, owner: str) -> Path:
    """Claim the disk for a file of values now: a page that cannot be written later would kill the process."""
    path = folder / f"{name}_{owner}.db"
    with path.open("ab") as file:
        os.posix_fallocate(file.fileno(), 0, _RESERVED[name])
    return path


def render(levels: Sequence[Level] = ()) -> bytes:
    """Everything in Prometheus' text format: all processes' values, the approval rate, and `levels`."""
    for declared in DECLARED:
        declared.metric  # noqa: B018  a metric that nobody used yet shows as zero
    families = _families()
    families += [_approval_rate(families), *(level.family() for level in levels)]
    return prometheus.generate_latest(_Fixed(families))


class _Fixed(Collector):
    """Hands over families that were collected already."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from self._families


def _families() -> list[Metric]:
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder and _values.ValueClass is not _values.MutexValue:
        with _locked(Path(folder), fcntl.LOCK_SH):
            _forget_dead_gauges(Path(folder))
            collector = _multiprocess.MultiProcessCollector(prometheus.CollectorRegistry(), folder)
            return list(collector.collect())
    return list(LOCAL.collect())


def _approval_rate(families: Sequence[Metric]) -> Metric:
    totals = {sample.name: sample.value for family in families for sample in family.samples}
    approved, rejected = totals.get("proofs_approved_total", 0.0), totals.get("proofs_rejected_total", 0.0)
    reviewed = approved + rejected
    rate = approved / reviewed if reviewed else float("nan")
    return Level("approval_rate", "Share of reviews that ended in approval.", [({}, rate)]).family()


def _archive_dead(folder: Path) -> None:
    """**Locks** the folder: one process archives at a time, and nobody reads a value in two places."""
    with _locked(folder, fcntl.LOCK_EX):
        _forget_dead_gauges(folder)
        for kind in ("counter", "histogram"):
            archive = _reserve(folder, kind, _ARCHIVE)
            for path in [path for path in folder.glob(f"{kind}_*.db") if _is_dead(path)]:
                _fold(path, archive)


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    with (folder / "archive.lock").open("a") as lock:
        fcntl.flock(lock, how)
        yield


def _fold(path: Path, archive: Path) -> None:
    """A file that a crash left unreadable is dropped: counting never keeps a process from starting."""
    try:
        found = list(_mmap.MmapedDict.read_all_values_from_file(str(path)))
    except (OSError, ValueError, RuntimeError, struct.error):
        found = []
    total = _mmap.MmapedDict(str(archive))
    for key, value, timestamp, _ in found:
        total.write_value(key, total.read_value(key)[0] + value, timestamp)
    total.close()
    path.unlink()


def _forget_dead_gauges(folder: Path) -> None:
    for path in folder.glob("gauge_*.db"):
        if _is_dead(path):
            path.unlink(missing_ok=True)


def _is_dead(path: Path) -> bool:
    owner = path.stem.rpartition("_")[2]
    return owner.isdigit() and not Path("/proc", owner).exists() and not _answers(int(owner))


def _answers(process: int) -> bool:
    """For systems without /proc."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
