"""Commands that use the embedded server, for tests that start, kill and outlive them."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from pesan.db.embedded import EmbeddedServer, ServerHandle
from pesan.db.embedded.account import server_account
from pesan.db.embedded.postmaster import is_running

_STARTED = "select pg_postmaster_start_time()::text"

# Uses the server until it is told to stop, as any command would, and says which server it found.
_COMMAND = f"""
import sys
from pathlib import Path
import psycopg
from pesan.db.embedded import EmbeddedServer
with EmbeddedServer(Path(sys.argv[1])).acquire() as handle:
    if "watch" in sys.argv:
        handle.watch()
    with psycopg.connect(handle.conninfo()) as connection:
        print(connection.execute("{_STARTED}").fetchone()[0], flush=True)
    sys.stdin.readline()
"""


@contextmanager
def command(
    home: Path, *words: str, python: str = sys.executable, **options: Any
) -> Iterator["subprocess.Popen[str]"]:
    """Run another command that uses the server in `home`; it is killed at the end unless it has left."""
    arguments = [python, "-c", _COMMAND, str(home), *words]
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def server_found_by(process: "subprocess.Popen[str]") -> str:
    """When the server that the command found was started."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def leave(process: "subprocess.Popen[str]") -> int:
    """Let the command end in good order; its exit status."""
    assert process.stdin is not None
    process.stdin.close()
    return process.wait(30)


def query(handle: ServerHandle, text: str, *, database: str = "pesan") -> Any:
    """The first column of the first row."""
    with psycopg.connect(handle.conninfo(database), autocommit=True) as connection:
        row = connection.execute(text.encode()).fetchone()
    assert row is not None
    return row[0]


def execute(handle: ServerHandle, text: str) -> None:
    """Run a statement and commit it."""
    with psycopg.connect(handle.conninfo(), autocommit=True) as connection:
        connection.execute(text.encode())


def settings(handle: ServerHandle, *names: str) -> Mapping[str, str]:
    """What the server is set to."""
    return {name: query(handle, f"select current_setting('{name}')") for name in names}


def started(handle: ServerHandle) -> str:
    """When the server was started; tells one from the next."""
    return str(query(handle, _STARTED))


def runs(server: EmbeddedServer) -> bool:
    """Whether any process of the server lives."""
    return is_running(server.layout, server_account(server.layout.folder))


def postmaster(server: EmbeddedServer) -> int:
    """The process id of the server."""
    return int((server.layout.data / "postmaster.pid").read_text().partition("\n")[0])


def files(folder: Path) -> list[str]:
    """Everything under `folder`, by name."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def eventually(ask: Callable[[], object], *, seconds: float = 30) -> object:
    """The first true answer, asked again through refusals; or the last one."""
    deadline = time.monotonic() + seconds
    answer: object = None
    while not answer and time.monotonic() < deadline:
        try:
            answer = ask()
        except psycopg.OperationalError:
            answer = None
        time.sleep(0.05)
    return answer
