"""The supervisor with small real children: it is killed, they are killed, nobody is left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

# On a machine that does much else.
END_SECONDS = 60
# Runs the supervisor over the commands that follow; a folder collects what the children write. A program says in its
# first line that it wants notice.
SUPERVISOR = """
import signal, sys
from pathlib import Path
from pesan.app.supervisor import Child, Patience, run
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests themselves may have been started with nohup
folder, drain, settled, leave, *programs = sys.argv[1:]
def child(number, program):
    command = [sys.executable, "-u", "-c", program, folder]
    return Child(f"child-{number}", command, wants_notice=program.startswith("# wants notice"))
children = [child(number, program) for number, program in enumerate(programs)]
pauses = {"first_pause": 0.05, "longest_pause": 0.2, "settled_after": float(settled), "drain": float(drain)}
patience = Patience(**pauses, leave=float(leave), first_attempts=3)
ready = Path(folder) / "ready"
sys.exit(run(children, is_ready=ready.exists, on_ready=lambda: print("ready", flush=True), patience=patience))
"""
PRELUDE = """
import os, signal, subprocess, sys, time
from pathlib import Path
folder = Path(sys.argv[1])
def note(name):
    with (folder / name).open("a") as file: file.write(f"{os.getpid()}\\n")
note("starts")
"""
STAYS = PRELUDE + "time.sleep(60)"
DRAINS = PRELUDE + (
    "def end(*_): time.sleep(0.3); note('drained'); sys.exit(0)\n"
    "signal.signal(signal.SIGTERM, end); note('listening'); time.sleep(60)"
)
HEARS = PRELUDE + (
    "signal.signal(signal.SIGUSR1, lambda *_: note('noticed'))\n"
    "def end(*_): note('warned' if (folder / 'noticed').exists() else 'surprised'); sys.exit(0)\n"
    "signal.signal(signal.SIGTERM, end)\n"
    "helper = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    "(folder / 'helpers').open('a').write(f'{helper.pid}\\n'); note('hearing')\n"
    "while True: time.sleep(60)"
)
IGNORES = PRELUDE + (
    "signal.signal(signal.SIGTERM, lambda *_: note('asked')); note('listening')\nwhile True: time.sleep(60)"
)
FAILS = PRELUDE + "note('failures'); sys.exit(3)"
HAS_WORKER = PRELUDE + (
    "worker = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    "(folder / 'workers').open('a').write(f'{worker.pid}\\n'); time.sleep(60)"
)


@contextmanager
def supervising(
    folder: Path, *programs: str, drain: float = 10, settled_after: float = 600, leave: float = 0
) -> Iterator["subprocess.Popen[str]"]:
    """No child settles unless a test says when: on a busy machine one that fails at once may live for a second."""
    times = [str(seconds) for seconds in (drain, settled_after, leave)]
    command = [sys.executable, "-c", SUPERVISOR, str(folder), *times, *programs]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def pids(folder: Path, name: str) -> list[int]:
    path = folder / name
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def eventually(ask: Callable[[], bool], seconds: float = END_SECONDS) -> bool:
    deadline = time.monotonic() + seconds
    while not ask() and time.monotonic() < deadline:
        time.sleep(0.02)
    return ask()


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except FileNotFoundError:
        return False


def wait_for(folder: Path, name: str, count: int) -> list[int]:
    assert eventually(lambda: len(pids(folder, name)) >= count), f"{name}: {pids(folder, name)}"
    return pids(folder, name)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_stop_lets_every_child_finish(tmp_path: Path, number: signal.Signals):
    with supervising(tmp_path, DRAINS, DRAINS) as supervisor:
        children = wait_for(tmp_path, "listening", 2)
        supervisor.send_signal(number)
        status = supervisor.wait(END_SECONDS)

    assert status == 0
    assert sorted(pids(tmp_path, "drained")) == sorted(children)


def test_stop_kills_what_does_not_finish_in_time(tmp_path: Path):
    with supervising(tmp_path, IGNORES, drain=0.3) as supervisor:
        [child] = wait_for(tmp_path, "listening", 1)
        supervisor.terminate()
        status = supervisor.wait(END_SECONDS)

    assert (status, lives(child)) == (1, False)


def test_second_signal_kills_at_once(tmp_path: Path):
    with supervising(tmp_path, IGNORES, drain=600) as supervisor:
        [child] = wait_for(tmp_path, "listening", 1)
        supervisor.send_signal(signal.SIGINT)
        wait_for(tmp_path, "asked", 1)  # else the two signals may arrive as one
        waits_first = lives(child)
        supervisor.send_signal(signal.SIGINT)
        status = supervisor.wait(END_SECONDS)

    assert (waits_first, status, lives(child)) == (True, 1, False)


WANTS_NOTICE = "# wants notice\n"


def test_notice_comes_before_the_end_to_those_that_want_it(tmp_path: Path):
    with supervising(tmp_path, WANTS_NOTICE + HEARS, HEARS, leave=2) as supervisor:
        children = wait_for(tmp_path, "hearing", 2)
        supervisor.terminate()
        status = supervisor.wait(END_SECONDS)

    [told] = set(pids(tmp_path, "noticed"))
    assert (status, told in children) == (0, True)
    assert sorted(pids(tmp_path, "warned")) == sorted(children)


def test_second_signal_skips_the_wait_after_the_notice_and_lets_children_finish(tmp_path: Path):
    listens_for_nothing = WANTS_NOTICE + DRAINS

    with supervising(tmp_path, listens_for_nothing, WANTS_NOTICE + HEARS, leave=600) as supervisor:
        [deaf], [hearing] = wait_for(tmp_path, "listening", 1), wait_for(tmp_path, "hearing", 1)
        supervisor.terminate()
        wait_for(tmp_path, "noticed", 2)
        ended = pids(tmp_path, "drained") + pids(tmp_path, "warned")
        helper_lives = lives(pids(tmp_path, "helpers")[0])
        supervisor.terminate()
        status = supervisor.wait(END_SECONDS)

    assert (ended, helper_lives, status) == ([], True, 0)
    assert (pids(tmp_path, "drained"), pids(tmp_path, "warned")) == ([deaf], [hearing])


def test_without_time_to_leave_nobody_gets_notice(tmp_path: Path):
    with supervising(tmp_path, WANTS_NOTICE + HEARS) as supervisor:
        children = wait_for(tmp_path, "hearing", 1)
        supervisor.terminate()
        status = supervisor.wait(END_SECONDS)

    assert (status, pids(tmp_path, "noticed"), pids(tmp_path, "surprised")) == (0, [], children)


@pytest.mark.kill
def test_killed_child_is_started_again_and_its_sibling_left_alone(tmp_path: Path):
    with supervising(tmp_path, STAYS, DRAINS) as supervisor:
        [sibling] = wait_for(tmp_path, "listening", 1)
        [killed] = set(wait_for(tmp_path, "starts", 2)) - {sibling}
        os.kill(killed, signal.SIGKILL)
        starts = wait_for(tmp_path, "starts", 3)
        sibling_lives = lives(sibling)
        supervisor.terminate()
        supervisor.wait(END_SECONDS)

    assert (len(set(starts)), sibling_lives) == (3, True)


@pytest.mark.kill
def test_child_killed_again_and_again_before_it_settled_is_never_given_up(tmp_path: Path):
    with supervising(tmp_path, STAYS) as supervisor:
        for count in range(1, 8):
            wait_for(tmp_path, "starts", count)
            os.kill(pids(tmp_path, "starts")[-1], signal.SIGKILL)
        wait_for(tmp_path, "starts", 8)
        running = supervisor.poll()
        supervisor.terminate()
        status = supervisor.wait(END_SECONDS)

    assert (running, status) == (None, 0)


@pytest.mark.kill
def test_child_killed_again_and_again_after_it_settled_is_never_given_up(tmp_path: Path):
    with supervising(tmp_path, STAYS, settled_after=0.3) as supervisor:
        wait_for(tmp_path, "starts", 1)
        time.sleep(0.6)
        for count in range(2, 8):
            os.kill(pids(tmp_path, "starts")[-1], signal.SIGKILL)
            wait_for(tmp_path, "starts", count)
        running = supervisor.poll()
        supervisor.terminate()
        status = supervisor.wait(END_SECONDS)

    assert (running, status) == (None, 0)


def test_child_that_fails_from_the_start_ends_the_whole(tmp_path: Path):
    with supervising(tmp_path, FAILS, DRAINS) as supervisor:
        status = supervisor.wait(END_SECONDS)

    assert (status, len(pids(tmp_path, "failures"))) == (1, 3)
    assert not any(lives(pid) for pid in pids(tmp_path, "starts"))


def test_command_that_does_not_exist_is_named(tmp_path: Path):
    program = (
        "from pesan.app.supervisor import Child, Patience, run\n"
        "patience = Patience(first_pause=0.01, first_attempts=1)\n"
        "raise SystemExit(run([Child('ghost', ['/no/such/program'])], patience=patience))"
    )

    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)

    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "/no/such/program: No such file or directory"


@pytest.mark.kill
@pytest.mark.skipif(
    sys.platform != "linux", reason="the kernel tells children of a parent's death on Linux only"
)
def test_children_end_in_good_order_when_the_supervisor_is_killed(tmp_path: Path):
    with supervising(tmp_path, DRAINS) as supervisor:
        [child] = wait_for(tmp_path, "listening", 1)
        supervisor.kill()
        supervisor.wait()
        drained = wait_for(tmp_path, "drained", 1)

    assert drained == [child]


@pytest.mark.kill
def test_orphans_of_a_killed_child_are_gone_before_it_is_started_again(tmp_path: Path):
    with supervising(tmp_path, HAS_WORKER) as supervisor:
        [worker] = wait_for(tmp_path, "workers", 1)
        os.kill(pids(tmp_path, "starts")[0], signal.SIGKILL)
        wait_for(tmp_path, "starts", 2)
        orphan_lives = lives(worker)
        workers = wait_for(tmp_path, "workers", 2)
        supervisor.terminate()
        supervisor.wait(END_SECONDS)

    assert orphan_lives is False
    assert eventually(lambda: not any(lives(pid) for pid in workers))


def test_readiness_is_announced_once(tmp_path: Path):
    with supervising(tmp_path, DRAINS) as supervisor:
        wait_for(tmp_path, "listening", 1)
        (tmp_path / "ready").touch()
        first = supervisor.stdout.readline() if supervisor.stdout else ""
        time.sleep(0.5)
        supervisor.terminate()
        rest = supervisor.stdout.read() if supervisor.stdout else ""

    assert (first, rest) == ("ready\n", "")


def test_output_of_children_passes_through(tmp_path: Path):
    speaks = PRELUDE + "print('out'); print('err', file=sys.stderr); note('spoken'); time.sleep(60)"

    with supervising(tmp_path, speaks) as supervisor:
        wait_for(tmp_path, "spoken", 1)
        supervisor.terminate()
        out, err = supervisor.communicate(timeout=END_SECONDS)

    assert (out, err) == ("out\n", "err\n")


def test_child_gets_its_own_environment_beside_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    program = (
        "import sys; from pesan.app.supervisor import Child, Patience, run\n"
        "shows = [sys.executable, '-c', 'import os; print(os.environ[\"OURS\"], os.environ[\"ITS\"])']\n"
        "run([Child('shows', shows, {'ITS': 'b'})], patience=Patience(first_attempts=1))"
    )
    monkeypatch.setenv("OURS", "a")

    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)

    assert done.stdout == "a b\n"


def test_child_is_not_interrupted_by_the_terminal_itself(tmp_path: Path):
    with supervising(tmp_path, DRAINS) as supervisor:
        [child] = wait_for(tmp_path, "listening", 1)
        groups = (os.getpgid(child) == child, os.getsid(child) == os.getsid(supervisor.pid))
        with suppress(ProcessLookupError):
            supervisor.terminate()
        supervisor.wait(END_SECONDS)

    assert groups == (True, True)
