"""As whom PostgreSQL runs: ourselves, or an unprivileged account when we are root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import TypedDict

from pesan.db.embedded.errors import NoServerAccount, WrongAccount

DEDICATED_ACCOUNT = "pesan-postgres"


class ProcessIdentity(TypedDict, total=False):
    """The arguments of `subprocess` that make a child run as the account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """The account that owns the database's files and runs its processes."""

    name: str
    uid: int
    gid: int

    @property
    def is_ours(self) -> bool:
        """Whether this process already runs as the account."""
        return self.uid == os.geteuid()

    def identity(self) -> ProcessIdentity:
        """What to pass to `subprocess`; nothing when no change is needed."""
        return {} if self.is_ours else {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, descriptor: int) -> None:
        """Give an open file or folder to the account."""
        if not self.is_ours:
            os.fchown(descriptor, self.uid, self.gid)


def server_account(folder: Path) -> Account:
    """The account for the database kept in `folder`.

    An ordinary user runs it as themselves. Root uses whoever owns the folder, or its parent, and otherwise an
    account made for this purpose.

    Raises WrongAccount when an ordinary user meets another account's database, NoServerAccount when root has none.
    """
    owner = _owner(folder)
    if os.geteuid() != 0:
        if owner not in {None, os.geteuid()}:
            raise WrongAccount(path=str(folder), owner=_name(owner or 0))
        return _account(os.geteuid())
    owner = owner or _owner(folder.parent)
    return _account(owner) if owner else _dedicated_account()


def _owner(folder: Path) -> int | None:
    return folder.stat().st_uid if folder.exists() else None


def _account(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        # A container may run us as a bare number; initdb says so itself when it minds.
        return Account(str(uid), uid, os.getegid() or uid)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _name(uid: int) -> str:
    return _account(uid).name


def _dedicated_account() -> Account:
    """Not `nobody`: other programs run as nobody, and would own the database too."""
    try:
        return _account(pwd.getpwnam(DEDICATED_ACCOUNT).pw_uid)
    except KeyError:
        _create_dedicated_account()
    return _account(pwd.getpwnam(DEDICATED_ACCOUNT).pw_uid)


def _create_dedicated_account() -> None:
    tool = which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if tool is None:
        raise NoServerAccount(account=DEDICATED_ACCOUNT, detail="useradd: not found")
    command = [tool, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    command += ["--shell", "/usr/sbin/nologin", DEDICATED_ACCOUNT]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603  # fixed arguments
    made_by_another = done.returncode == 9  # useradd(8): name already in use
    if done.returncode and not made_by_another:
        raise NoServerAccount(account=DEDICATED_ACCOUNT, detail=done.stderr.strip())
