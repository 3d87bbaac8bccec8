"""Where everything of one embedded server lies: all of it in PESAN_HOME/postgres, and outside PGDATA what must be."""

import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pesan.db.embedded.account import Account
from pesan.db.embedded.errors import DataUnusable

PORT = 5432
# A UNIX socket's path, with its closing NUL, fits in sun_path: 108 bytes on Linux, 104 on macOS (unix(7)).
_SOCKET_PATH_LIMIT = 103
# PostgreSQL reads unix_socket_directories as a list and a leading @ as an abstract socket.
_UNSAFE_IN_SOCKET_FOLDER = set(",\"'\\@\n")


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one embedded server."""

    folder: Path

    @property
    def data(self) -> Path:
        """PGDATA."""
        return self.folder / "data"

    @property
    def sentinel(self) -> Path:
        """Says which database `data` must hold; outside PGDATA, so that it outlives it."""
        return self.folder / "cluster.json"

    @property
    def password(self) -> Path:
        """The superuser's password."""
        return self.folder / "password"

    @property
    def logs(self) -> Path:
        """The folder of PostgreSQL's own log files."""
        return self.folder / "log"

    @property
    def start_log(self) -> Path:
        """What PostgreSQL said in its latest start, before it opened a log file."""
        return self.logs / "start.log"

    @property
    def start_lock(self) -> Path:
        """Held by whoever is starting or stopping the server."""
        return self.folder / "start.lock"

    @property
    def users_lock(self) -> Path:
        """Shared by all who use the server."""
        return self.folder / "users.lock"

    @property
    def server_lock(self) -> Path:
        """Held by PostgreSQL's own processes."""
        return self.folder / "server.lock"

    @property
    def socket_record(self) -> Path:
        """Names the socket's folder when that is not `sockets`."""
        return self.folder / "socket-folder"

    @property
    def sockets(self) -> Path:
        """The usual folder of the socket."""
        return self.folder / "run"

    def find_socket_folder(self) -> Path:
        """The folder of the socket, as the latest start chose it."""
        return Path(self.socket_record.read_text()) if self.socket_record.exists() else self.sockets


def private_folder(path: Path, account: Account) -> None:
    """Make `path` a folder that only `account` may use.

    Raises DataUnusable when something else is there, such as a link or another account's folder.
    """
    descriptor = _make_and_open_folder(path)
    try:
        owner = os.fstat(descriptor).st_uid
        if owner not in {account.uid, os.geteuid()}:
            raise DataUnusable(path=str(path), detail=f"uid {owner}")
        os.fchmod(descriptor, 0o700)
        account.own(descriptor)
    finally:
        os.close(descriptor)


def _make_and_open_folder(path: Path) -> int:
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise DataUnusable(path=str(path), detail=str(error.strerror)) from error


def private_file(path: Path, text: str, account: Account) -> None:
    """Write `text` to a file that only `account` may read, all of it or nothing."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        account.own(descriptor)
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)


def open_to_append(path: Path) -> BinaryIO:
    """Open an existing file of the account; a link in its place could lead root anywhere and is refused."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC), "ab")


def prepare_socket_folder(layout: Layout, account: Account) -> Path:
    """The socket's folder, private and short enough; made when missing.

    Under PESAN_HOME if its path is short. Otherwise a folder of unguessable name in /tmp, whose name is kept: nobody
    can take it beforehand, and it does not change with the environment of whoever starts the server.
    """
    if _fits(layout.sockets):
        layout.socket_record.unlink(missing_ok=True)
        private_folder(layout.sockets, account)
        return layout.sockets
    recorded = layout.find_socket_folder()
    if recorded != layout.sockets and _is_private(recorded, account):
        return recorded
    made = Path(tempfile.mkdtemp(prefix="pesan-", dir="/tmp"))  # mkdtemp makes it 0700 and new
    private_folder(made, account)
    private_file(layout.socket_record, str(made), account)
    return made


def discard_socket_folder(layout: Layout) -> None:
    """Leave nothing in /tmp once the server has stopped."""
    if layout.socket_record.exists():
        with suppress(OSError):  # gone already, or not empty
            layout.find_socket_folder().rmdir()
        layout.socket_record.unlink()


def _fits(folder: Path) -> bool:
    path = os.fsencode(folder / f".s.PGSQL.{PORT}")
    return len(path) <= _SOCKET_PATH_LIMIT and not _UNSAFE_IN_SOCKET_FOLDER & set(str(folder))


def _is_private(folder: Path, account: Account) -> bool:
    try:
        status = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == account.uid and not status.st_mode & 0o077
