"""The database's files: made once, recognised afterwards, and never made again where they ought to exist."""

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from pesan.db.embedded import binaries, configuration
from pesan.db.embedded.account import Account
from pesan.db.embedded.errors import (
    DataForeign,
    DataMissing,
    DataUnusable,
    InitialiseRefused,
    PasswordLost,
    StartFailed,
)
from pesan.db.embedded.layout import Layout, open_to_append, private_file

SUPERUSER = "postgres"
_DRAFT = "data.new"
# Nothing of our environment may steer PostgreSQL's programs (PGDATA, PGHOST, LC_ALL, …).
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def check_data(layout: Layout, *, may_initialise: bool) -> bool:
    """Whether the database's files are there and are the right ones; False when they may be made.

    Raises DataMissing, DataForeign, DataUnusable, PasswordLost or InitialiseRefused, having changed nothing.
    """
    if (layout.data / "PG_VERSION").exists():
        _check_identity(layout)
        return True
    if layout.sentinel.exists():
        raise DataMissing(path=str(layout.data))
    if not may_initialise:
        raise InitialiseRefused(path=str(layout.data))
    if layout.data.exists() and any(layout.data.iterdir()):
        raise DataUnusable(path=str(layout.data), detail="PG_VERSION?")
    return False


def initialise(layout: Layout, account: Account) -> None:
    """Make an empty database.

    The files are made under another name and renamed, so that a crash leaves either a whole database or none. The
    sentinel comes last: without it a database is adopted, without the database it would be mourned.
    """
    draft = layout.folder / _DRAFT
    shutil.rmtree(draft, ignore_errors=True)
    private_file(layout.password, secrets.token_urlsafe(32), account)
    _run("initdb", *_initdb_arguments(draft, layout), account=account, log=layout.logs)
    with open_to_append(draft / "postgresql.conf") as file:
        file.write(f"\ninclude_if_exists = '{configuration.FILE_NAME}'\n".encode())
    _put_in_place(draft, layout.data)
    remember(layout, account)


def remember(layout: Layout, account: Account) -> None:
    """Note which database this is, unless that is known."""
    if not layout.sentinel.exists():
        known = {"system_identifier": system_identifier(layout.data)}
        private_file(layout.sentinel, json.dumps(known), account)


def system_identifier(data: Path) -> str:
    """The number PostgreSQL gave the database when it was made; a copy or a restored backup keeps it."""
    command = [str(binaries.program("pg_controldata")), "-D", str(data)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=ENVIRONMENT)  # noqa: S603  # own program
    for line in done.stdout.splitlines():
        if line.startswith("Database system identifier:"):
            return line.rpartition(" ")[2]
    raise DataUnusable(path=str(data), detail=done.stderr.strip())


def _check_identity(layout: Layout) -> None:
    version = (layout.data / "PG_VERSION").read_text().strip()
    if version != binaries.MAJOR_VERSION:
        raise DataUnusable(
            path=str(layout.data), detail=f"PostgreSQL {version}, not {binaries.MAJOR_VERSION}"
        )
    if not layout.password.exists():
        raise PasswordLost(path=str(layout.password))
    if not layout.sentinel.exists():
        return
    expected = json.loads(layout.sentinel.read_text())["system_identifier"]
    found = system_identifier(layout.data)
    if found != expected:
        raise DataForeign(path=str(layout.data), found=found, expected=expected)


def _initdb_arguments(draft: Path, layout: Layout) -> Sequence[str]:
    return (
        f"--pgdata={draft}",
        f"--username={SUPERUSER}",
        f"--pwfile={layout.password}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-locale",
        "--lc-messages=C",
        "--data-checksums",
    )


def _run(name: str, *arguments: str, account: Account, log: Path) -> None:
    """Run one of PostgreSQL's programs as `account`; StartFailed with what it said when it fails."""
    command = [str(binaries.program(name)), *arguments]
    done = subprocess.run(  # noqa: S603  # own program
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        env=ENVIRONMENT,
        umask=0o077,
        **account.identity(),
    )
    if done.returncode:
        raise StartFailed(path=str(log), detail=f"{name}: {done.stderr.strip() or done.stdout.strip()}")


def _put_in_place(draft: Path, data: Path) -> None:
    try:
        draft.rename(data)
    except OSError as error:  # an empty folder is replaced; one that is a mount point cannot be
        shutil.rmtree(draft, ignore_errors=True)
        raise DataUnusable(path=str(data), detail=f"{os.strerror(error.errno or 0)}") from error
