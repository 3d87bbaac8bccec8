"""As whom the embedded server runs, and who else can come near it."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pesan.db.embedded import EmbeddedServer
from pesan.db.embedded.account import DEDICATED_ACCOUNT, server_account
from pesan.db.embedded.errors import DataUnusable
from tests.support.embedded import (
    command,
    eventually,
    files,
    leave,
    postmaster,
    query,
    runs,
    server_found_by,
    started,
)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
SOURCE = Path(psycopg.__file__).parents[1]
OURS = Path(__file__).parents[2] / "src"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody can reach, which pytest's own is not."""
    folder = Path(tempfile.mkdtemp(prefix="pesan-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def ordinary_python() -> str:
    """A Python of our version that an ordinary user may run."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, shutil.which(version, path="/usr/local/bin:/usr/bin")):
        if python is not None and _runs_as_nobody(python):
            return python
    pytest.skip(f"no {version} that an ordinary user may run")


def _runs_as_nobody(python: str) -> bool:
    try:
        done = subprocess.run([python, "-c", "import psycopg"], env=_environment(), check=False, **_nobody())
    except PermissionError:
        return False
    return done.returncode == 0


def _nobody() -> dict[str, object]:
    entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [], "cwd": "/"}


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{OURS}:{SOURCE}"}


@as_root
def test_root_runs_the_server_as_an_account_of_its_own(tmp_path: Path):
    server = EmbeddedServer(tmp_path)

    with server.acquire():
        owner = Path(f"/proc/{postmaster(server)}").stat().st_uid

    assert pwd.getpwuid(owner).pw_name == DEDICATED_ACCOUNT


@as_root
def test_closed_folder_above_is_opened_for_that_account_alone(open_folder: Path):
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    (closed / "letter").touch(mode=0o644)

    with EmbeddedServer(closed / "home").acquire() as handle:
        answer = query(handle, "select 1")
    reading = subprocess.run(["cat", closed / "letter"], check=False, capture_output=True, **_nobody())

    assert answer == 1
    assert closed.stat().st_mode & stat.S_IRWXO == 0
    assert reading.returncode == 1


@as_root
@pytest.mark.kill
def test_server_starts_again_after_the_folder_above_was_closed_again(open_folder: Path):
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    server = EmbeddedServer(closed / "home")

    with server.acquire() as handle:
        handle.watch()
        before = started(handle)
        closed.chmod(0o700)
        os.kill(postmaster(server), signal.SIGKILL)
        back = eventually(lambda: started(handle) != before)

    assert back is True


@as_root
def test_another_account_cannot_reach_the_socket(open_folder: Path, ordinary_python: str):
    with EmbeddedServer(open_folder / "home").acquire() as handle:
        program = f"import psycopg; psycopg.connect({handle.conninfo()!r})"
        done = subprocess.run(
            [ordinary_python, "-c", program],
            env=_environment(),
            check=False,
            capture_output=True,
            text=True,
            **_nobody(),
        )

    assert (done.returncode, "Permission denied" in done.stderr) == (1, True)


@as_root
def test_ordinary_user_runs_the_server_as_themselves(open_folder: Path, ordinary_python: str):
    home = open_folder / "home"
    home.mkdir()
    shutil.chown(home, "nobody")
    server = EmbeddedServer(home)

    with command(home, python=ordinary_python, env=_environment(), **_nobody()) as ordinary:
        found = server_found_by(ordinary)
        owner = pwd.getpwuid(Path(f"/proc/{postmaster(server)}").stat().st_uid).pw_name
        status = leave(ordinary)

    assert (bool(found), owner, status, runs(server)) == (True, "nobody", 0, False)


@as_root
def test_root_and_the_owner_share_one_server(open_folder: Path, ordinary_python: str):
    home = open_folder / "home"
    home.mkdir()
    shutil.chown(home, "nobody")

    with (
        EmbeddedServer(home).acquire() as handle,
        command(home, python=ordinary_python, env=_environment(), **_nobody()) as ordinary,
    ):
        found = server_found_by(ordinary)
        mine = query(handle, "select pg_postmaster_start_time()::text")
        status = leave(ordinary)

    assert (found, status) == (mine, 0)


@as_root
def test_ordinary_user_is_told_whose_database_it_is(open_folder: Path, ordinary_python: str):
    EmbeddedServer(open_folder / "home").acquire().release()

    said = _refusal_of_nobody(ordinary_python, open_folder / "home")

    assert said == f"database.wrong_account {DEDICATED_ACCOUNT}"


@as_root
def test_ordinary_user_is_told_what_they_may_not_enter(open_folder: Path, ordinary_python: str):
    (open_folder / "closed").mkdir(mode=0o700)
    home = open_folder / "closed" / "home"

    said = _refusal_of_nobody(ordinary_python, home)

    assert said == f"database.unavailable [Errno 13] Permission denied: '{home}/postgres'"


def _refusal_of_nobody(python: str, home: Path) -> str:
    program = (
        "import sys; from pathlib import Path; from pesan.db.embedded import EmbeddedServer, EmbeddedServerError\n"
        "try: EmbeddedServer(Path(sys.argv[1])).acquire()\n"
        "except EmbeddedServerError as no: print(no.code, no.params.get('owner') or no.params['detail'])"
    )
    command = [python, "-c", program, str(home)]
    done = subprocess.run(
        command, env=_environment(), check=False, capture_output=True, text=True, **_nobody()
    )
    return done.stdout.strip()


def test_link_in_place_of_the_folder_is_refused(tmp_path: Path):
    (tmp_path / "elsewhere").mkdir(mode=0o755)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "postgres").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(DataUnusable):
        EmbeddedServer(tmp_path / "home").acquire()

    assert stat.S_IMODE((tmp_path / "elsewhere").stat().st_mode) == 0o755
    assert files(tmp_path / "elsewhere") == []


def test_server_runs_as_ourselves_when_we_are_not_root(tmp_path: Path):
    account = server_account(tmp_path / "postgres")

    assert account.is_ours == (os.geteuid() != 0)


def test_socket_folder_that_others_can_write_to_is_not_used(tmp_path: Path):
    server = EmbeddedServer(tmp_path / ("x" * 200))
    server.acquire().release()
    taken = tmp_path / "taken"
    taken.mkdir()
    taken.chmod(0o777)
    server.layout.socket_record.write_text(str(taken))

    with server.acquire() as handle:
        used = handle.socket_folder
        answer = query(handle, "select 1")
        mode = stat.S_IMODE(used.stat().st_mode)

    assert (answer, mode, files(taken)) == (1, 0o700, [])


def test_socket_folder_outside_home_is_gone_after_a_stop(tmp_path: Path):
    with EmbeddedServer(tmp_path / ("x" * 200)).acquire() as handle:
        folder = handle.socket_folder
        there = folder.exists()

    assert (there, folder.exists()) == (True, False)
