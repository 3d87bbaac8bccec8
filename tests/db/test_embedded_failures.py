"""What the embedded server survives, and what it refuses rather than make worse."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pesan.db.embedded import EmbeddedServer
from pesan.db.embedded.account import server_account
from pesan.db.embedded.errors import (
    DataForeign,
    DataMissing,
    DataUnusable,
    PasswordLost,
    StartFailed,
    StartTimedOut,
)
from pesan.db.embedded.filelocks import exclusive
from tests.support.embedded import (
    command,
    eventually,
    execute,
    files,
    leave,
    postmaster,
    query,
    runs,
    server_found_by,
    started,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped server with one row, to be copied."""
    home = tmp_path_factory.mktemp("made")
    with EmbeddedServer(home).acquire() as handle:
        execute(handle, "create table kept as select 7 as number")
    return home


@pytest.fixture
def server(made: Path, tmp_path: Path) -> Iterator[EmbeddedServer]:
    """A stopped server of the test's own; stopped again afterwards, whatever the test did to it."""
    home = tmp_path / "home"
    subprocess.run(["cp", "-a", str(made), str(home)], check=True)
    server = EmbeddedServer(home)
    yield server
    if runs(server):
        os.kill(postmaster(server), signal.SIGQUIT)


@pytest.mark.kill
def test_killed_server_answers_again_with_its_data(server: EmbeddedServer):
    with server.acquire() as handle:
        handle.watch()
        before = started(handle)
        execute(handle, "insert into kept values (8)")
        os.kill(postmaster(server), signal.SIGKILL)
        back = eventually(lambda: started(handle) != before)
        total = query(handle, "select sum(number)::int from kept")

    assert (back, total) == (True, 15)


@pytest.mark.kill
def test_server_killed_beside_two_watching_commands_is_started_once(server: EmbeddedServer):
    with server.acquire() as handle, command(server.home, "watch") as other:
        handle.watch()
        before = server_found_by(other)
        os.kill(postmaster(server), signal.SIGKILL)
        eventually(lambda: started(handle) != before)
        pid = postmaster(server)
        leave(other)
        after = postmaster(server)

    assert (after, runs(server)) == (pid, False)


@pytest.mark.kill
def test_server_outlives_the_killed_command_that_started_it(server: EmbeddedServer):
    with command(server.home, start_new_session=True) as first:
        before = server_found_by(first)
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()

    with server.acquire() as handle:
        seen = (started(handle), query(handle, "select number from kept"))

    assert (seen, runs(server)) == ((before, 7), False)


@pytest.mark.kill
def test_pid_of_a_stranger(server: EmbeddedServer):
    """A living one in the file that a crash left fools no start; the short name keeps the socket in its own folder."""
    with server.acquire():
        left_behind = (server.layout.data / "postmaster.pid").read_text()
        socket_lock = (server.layout.sockets / ".s.PGSQL.5432.lock").read_text()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        as_stranger = f"{stranger.pid}\n"
        (server.layout.data / "postmaster.pid").write_text(as_stranger + left_behind.partition("\n")[2])
        (server.layout.sockets / ".s.PGSQL.5432.lock").write_text(
            as_stranger + socket_lock.partition("\n")[2]
        )
        with server.acquire() as handle:
            kept = query(handle, "select number from kept")
        survived = stranger.poll()
        stranger.kill()

    assert (kept, survived) == (7, None)


@pytest.mark.kill
def test_start_is_not_fooled_by_a_zombie(server: EmbeddedServer):
    # The stopped parent never reaps, as a container's first process often does not.
    program = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen(['true']); os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)\n"
        "print(child.pid, flush=True); sys.stdin.readline()"
    )
    with server.acquire():
        left_behind = (server.layout.data / "postmaster.pid").read_text()
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        zombie = parent.stdout.readline().decode() if parent.stdout else ""
        (server.layout.data / "postmaster.pid").write_text(zombie + left_behind.partition("\n")[2])
        with server.acquire() as handle:
            kept = query(handle, "select number from kept")
        parent.kill()

    assert kept == 7


def test_missing_data_is_never_replaced_by_an_empty_database(server: EmbeddedServer):
    shutil.rmtree(server.layout.data)
    before = files(server.home)

    with pytest.raises(DataMissing):
        server.acquire()

    assert files(server.home) == before


def test_data_of_another_server_is_refused(server: EmbeddedServer):
    server.layout.sentinel.write_text(json.dumps({"system_identifier": "1234567890123456789"}))

    with pytest.raises(DataForeign) as refused:
        server.acquire()

    assert refused.value.params["expected"] == "1234567890123456789"
    assert not runs(server)


def test_data_of_another_major_version_is_refused(server: EmbeddedServer):
    (server.layout.data / "PG_VERSION").write_text("16\n")

    with pytest.raises(DataUnusable, match="PostgreSQL 16, not 18"):
        server.acquire()


def test_folder_with_other_files_is_not_made_a_database(tmp_path: Path):
    stranger = tmp_path / "postgres" / "data" / "lost+found"
    stranger.mkdir(parents=True)

    with pytest.raises(DataUnusable):
        EmbeddedServer(tmp_path).acquire()

    assert files(tmp_path) == ["postgres", "postgres/data", "postgres/data/lost+found"]


def test_data_without_a_sentinel_is_remembered(server: EmbeddedServer):
    expected = server.layout.sentinel.read_text()
    server.layout.sentinel.unlink()

    server.acquire().release()

    assert server.layout.sentinel.read_text() == expected


def test_half_made_database_of_a_killed_start_is_made_again(tmp_path: Path):
    half = tmp_path / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")

    with EmbeddedServer(tmp_path).acquire() as handle:
        answer = query(handle, "select 1")

    assert (answer, half.exists()) == (1, False)


def test_lost_password_file_is_said(server: EmbeddedServer):
    server.layout.password.unlink()

    with pytest.raises(PasswordLost):
        server.acquire()

    assert not runs(server)


def test_wrong_password_file_is_said(server: EmbeddedServer):
    server.layout.password.write_text("not the password")

    with pytest.raises(PasswordLost):
        server.acquire()


def test_server_that_stops_at_once_is_given_up_with_its_own_words(server: EmbeddedServer):
    with (server.layout.data / "postgresql.conf").open("a") as file:
        file.write("\nno_such_setting = 1\n")

    with pytest.raises(StartFailed) as refused:
        server.acquire()

    assert 'unrecognized configuration parameter "no_such_setting"' in refused.value.text("en")
    assert not runs(server)


@pytest.mark.kill
def test_watch_starts_the_server_once_its_obstacle_is_gone(server: EmbeddedServer):
    obstacle = server.layout.data / "postgresql.auto.conf"
    with server.acquire() as handle:
        handle.watch()
        fine = obstacle.read_text()
        obstacle.write_text("no_such_setting = 1\n")
        os.kill(postmaster(server), signal.SIGKILL)
        down = eventually(
            lambda: not runs(server) and "no_such_setting" in server.layout.start_log.read_text()
        )
        obstacle.write_text(fine)
        kept = eventually(lambda: query(handle, "select number from kept"))

    assert (down, kept) == (True, 7)


@pytest.mark.kill
def test_release_does_not_wait_for_a_start_that_is_under_way(server: EmbeddedServer):
    account = server_account(server.layout.folder)
    handle = server.acquire()
    with exclusive(server.layout.start_lock, account, while_waiting=lambda: None):
        watcher = handle.watch()
        os.kill(postmaster(server), signal.SIGKILL)
        waiting_for_the_lock = watcher.is_alive()
        releasing = threading.Thread(target=handle.release)
        releasing.start()
        watcher.join(30)
        watching = watcher.is_alive()
    releasing.join(30)

    assert (waiting_for_the_lock, watching, releasing.is_alive(), runs(server)) == (True, False, False, False)


@pytest.mark.kill
def test_release_waits_for_what_is_left_of_a_killed_server(server: EmbeddedServer):
    handle = server.acquire()
    left = query(handle, "select pid from pg_stat_activity where backend_type = 'checkpointer'")
    os.kill(left, signal.SIGSTOP)
    os.kill(postmaster(server), signal.SIGKILL)
    releasing = threading.Thread(target=handle.release)
    releasing.start()
    releasing.join(0.5)
    waiting = releasing.is_alive()
    os.kill(left, signal.SIGCONT)
    releasing.join(30)

    assert (waiting, releasing.is_alive(), runs(server)) == (True, False, False)


@pytest.mark.kill
def test_slow_server_is_waited_for_with_a_word_and_then_left_running(server: EmbeddedServer):
    said: list[str] = []
    with server.acquire():
        pid = postmaster(server)
        os.kill(pid, signal.SIGSTOP)
        try:
            patient = EmbeddedServer(server.home, ready_seconds=1, locale="en")
            with pytest.raises(StartTimedOut):
                patient.acquire(said.append)
        finally:
            os.kill(pid, signal.SIGCONT)
        still = runs(server)

    assert (still, [text.split(",")[0] for text in said]) == (True, ["The database is recovering"])


def test_command_waits_for_another_that_is_starting_the_server(server: EmbeddedServer):
    said: list[str] = []
    account = server_account(server.layout.folder)
    told = threading.Event()

    def hear(text: str) -> None:
        said.append(text)
        told.set()

    with exclusive(server.layout.start_lock, account, while_waiting=lambda: None):
        waiter = threading.Thread(
            target=lambda: EmbeddedServer(server.home, locale="en").acquire(hear).release()
        )
        waiter.start()
        told.wait(30)
    waiter.join(30)

    assert said[0].split(";")[0] == "Another command is starting the database"
