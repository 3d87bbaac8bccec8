"""The server's processes: started in a session of their own, recognised by their lock, stopped by signal."""

import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

from pesan.db.embedded import binaries, configuration
from pesan.db.embedded.account import Account
from pesan.db.embedded.cluster import ENVIRONMENT
from pesan.db.embedded.filelocks import FileLock, is_held_alone
from pesan.db.embedded.layout import (
    PORT,
    Layout,
    open_to_append,
    prepare_socket_folder,
    private_file,
    private_folder,
)

_NOBODYS_PID = 2**22 + 1  # above the kernel's largest (PID_MAX_LIMIT), so that no process ever has it
_STOP_SECONDS = 120
_ORPHANS_SECONDS = 30
_LOG_TAIL_LINES = 12


def is_running(layout: Layout, account: Account) -> bool:
    """Whether any process of the server lives, be it only a query that outlived the postmaster.

    All of them inherit a lock. Unlike the number in postmaster.pid it cannot name a zombie, a stranger that got the
    number after a restart, or miss a server in another container on the same files.
    """
    return is_held_alone(layout.server_lock, account)


def start(layout: Layout, account: Account) -> None:
    """Start the server and return without waiting for it; the caller holds the start lock.

    It is no child of our terminal or process group, and lives on when we are killed.
    """
    private_folder(layout.logs, account)
    socket_folder = prepare_socket_folder(layout, account)
    private_file(layout.data / configuration.FILE_NAME, configuration.render(layout), account)
    configuration.prune_logs(layout)
    _disown_stale_files(layout, socket_folder, account)
    lock = FileLock(layout.server_lock, account)
    try:
        if _take(lock):
            _reap(_spawn(layout, account, socket_folder, lock.descriptor))
    finally:
        lock.close()


def stop(layout: Layout, account: Account) -> None:
    """Stop the server: open transactions roll back, data is flushed. Returns when it is gone, or after minutes.

    What is left of a server whose postmaster was killed leaves by itself, and is waited for a little while.
    """
    if not is_running(layout, account):
        return
    pid = _postmaster_pid(layout)
    if pid is not None:
        with suppress(ProcessLookupError):  # it has just gone
            os.kill(pid, signal.SIGINT)
    deadline = time.monotonic() + (_ORPHANS_SECONDS if pid is None else _STOP_SECONDS)
    while is_running(layout, account) and time.monotonic() < deadline:
        time.sleep(0.05)


def last_words(layout: Layout) -> str:
    """The end of what the server logged when it was started last."""
    begun = layout.start_log.stat().st_mtime
    newest = [
        path for path in sorted(layout.logs.glob("postgresql-*.log"))[-1:] if path.stat().st_mtime >= begun
    ]
    texts = [path.read_text(errors="replace") for path in (layout.start_log, *newest)]
    lines = [line for text in texts for line in text.splitlines()]
    return "\n".join(lines[-_LOG_TAIL_LINES:])


def _take(lock: FileLock) -> bool:
    """Take the server's lock, past somebody who only asks whether it is held."""
    for _ in range(50):
        if lock.try_exclusive():
            return True
        time.sleep(0.01)
    return False


def _spawn(layout: Layout, account: Account, socket_folder: Path, lock: int) -> "subprocess.Popen[bytes]":
    command = [str(binaries.program("postgres")), "-D", str(layout.data)]
    private_file(layout.start_log, "", account)
    with open_to_append(layout.start_log) as log:
        return subprocess.Popen(  # noqa: S603  # own program
            [*command, *configuration.boundary_arguments(socket_folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=ENVIRONMENT,
            umask=0o077,
            start_new_session=True,
            pass_fds=(lock,),
            **account.identity(),
        )


def _reap(process: "subprocess.Popen[bytes]") -> None:
    threading.Thread(target=process.wait, name="postgres-reaper", daemon=True).start()


def _disown_stale_files(layout: Layout, socket_folder: Path, account: Account) -> None:
    """Let PostgreSQL see that the process ids left behind by a killed server are nobody's.

    It believes any living process of that number, zombies included, to be the old server, and refuses to start. Only
    the number is replaced: the rest of postmaster.pid lets PostgreSQL find shared memory that is still in use.
    """
    if _postmaster_pid(layout) is not None:
        return
    (socket_folder / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
    pid_file = layout.data / "postmaster.pid"
    if pid_file.exists():
        rest = pid_file.read_text().partition("\n")[2]
        private_file(pid_file, f"{_NOBODYS_PID}\n{rest}", account)


def _postmaster_pid(layout: Layout) -> int | None:
    """The process that postmaster.pid names, if it lives and works in the data folder, as postmasters do."""
    try:
        pid = int((layout.data / "postmaster.pid").read_text().partition("\n")[0])
    except (FileNotFoundError, ValueError):
        return None
    return pid if _works_in(pid, layout.data) else None


def _works_in(pid: int, folder: Path) -> bool:
    if not Path("/proc/self/cwd").exists():
        return _answers_signals(pid)
    try:
        return Path(f"/proc/{pid}/cwd").samefile(folder)
    except OSError:  # gone, a zombie, or another account's
        return False


def _answers_signals(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
