"""Counts of several processes on one page."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pesan.kit.exposition import Level, Levels, render, use_folder
from pesan.kit.metrics import HOLDS_CREATED, Counter

PROCESS = """
import os, signal, sys
from pathlib import Path
from pesan.kit.exposition import render, use_folder
from pesan.kit.metrics import HOLDS_CREATED, PROOFS_APPROVED, PROOFS_REJECTED, REQUEST_SECONDS, STREAMS_OPEN
use_folder(Path(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    HOLDS_CREATED.inc()
    PROOFS_APPROVED.inc()
REQUEST_SECONDS.observe(0.02, "POST", "/api/bookings/hold", "201")
PROOFS_REJECTED.inc()
STREAMS_OPEN.inc(5)
if sys.argv[3] == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
sys.stdout.write(render().decode())
"""


def run(folder: Path, count: int, *, end: str = "") -> dict[str, float]:
    """A process that counts; what it then says about all."""
    command = [sys.executable, "-c", PROCESS, str(folder), str(count), end]
    done = subprocess.run(command, capture_output=True, text=True, check=not end)
    if end:
        assert done.returncode == -signal.SIGKILL
    lines = [line for line in done.stdout.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_counts_of_processes_that_are_gone_stay_in_the_sum(tmp_path: Path):
    run(tmp_path, 3)
    run(tmp_path, 4, end="kill")

    page = run(tmp_path, 5)

    assert page["holds_created_total"] == 12
    labels = '{method="POST",route="/api/bookings/hold",status="201"}'
    assert page[f"http_request_duration_seconds_count{labels}"] == 3
    assert page["approval_rate"] == 12 / 15


def test_levels_of_processes_that_are_gone_do_not(tmp_path: Path):
    run(tmp_path, 1, end="kill")

    assert run(tmp_path, 1)["streams_open"] == 5


def test_files_of_processes_that_are_gone_become_one(tmp_path: Path):
    for _ in range(4):
        run(tmp_path, 1)

    counters = sorted(path.name for path in tmp_path.glob("counter_*.db"))
    assert len(counters) == 2  # the archive, and the last process, which nobody archived yet
    assert counters[1] == "counter_archive.db"


def test_disk_without_room_leaves_the_process_counting_for_itself(tmp_path: Path):
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n" + PROCESS

    done = subprocess.run(
        [sys.executable, "-c", limited, str(tmp_path), "3", ""], check=False, capture_output=True, text=True
    )

    assert "holds_created_total 3.0" in done.stdout
    assert "metrics of this process stay its own" in done.stderr


def test_file_left_unreadable_is_dropped(tmp_path: Path):
    run(tmp_path, 3)
    (path,) = tmp_path.glob("counter_[0-9]*.db")
    path.write_bytes(b"\xff" * 100)

    assert run(tmp_path, 4)["holds_created_total"] == 4


def test_counter_that_nobody_used_shows_zero():
    page = render().decode()

    assert "\nholds_expired_total " in page
    assert "\nproofs_uploaded_total " in page


def test_folder_after_first_use_is_refused(tmp_path: Path):
    HOLDS_CREATED.inc()

    with pytest.raises(RuntimeError, match="before its folder"):
        use_folder(tmp_path)
    assert os.environ.get("PROMETHEUS_MULTIPROC_DIR") is None


async def test_levels_are_read_together():
    levels = Levels()

    async def queue() -> list[Level]:
        return [Level("queue_waiting", "Waiting.", [({"queue": "a"}, 1), ({"queue": "b"}, 2)])]

    levels.add(queue)
    page = render(await levels.read()).decode()

    assert 'queue_waiting{queue="a"} 1.0' in page
    assert 'queue_waiting{queue="b"} 2.0' in page


def test_counter_with_labels_counts_each():
    counter = Counter("tests_seen", "Only here.", ["kind"])
    counter.inc("a")
    counter.inc("a", amount=2)
    counter.inc("b")

    page = render().decode()
    assert 'tests_seen_total{kind="a"} 3.0' in page
    assert 'tests_seen_total{kind="b"} 1.0' in page
