"""Locks that the kernel keeps on files: they end with the last process that holds them, however it ends."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pesan.db.embedded.account import Account

_POLL_SECONDS = 0.1


class FileLock:
    """One open file that can be locked, shared or exclusively (flock(2))."""

    def __init__(self, path: Path, account: Account) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self.descriptor = os.open(path, flags, 0o600)
        account.own(self.descriptor)

    def share(self) -> None:
        """Wait for a shared lock, beside others who share it."""
        fcntl.flock(self.descriptor, fcntl.LOCK_SH)

    def try_exclusive(self) -> bool:
        """Take the lock for ourselves alone unless somebody else holds it."""
        return self._try(fcntl.LOCK_EX)

    def try_share(self) -> bool:
        """Take a shared lock unless somebody holds it alone."""
        return self._try(fcntl.LOCK_SH)

    def close(self) -> None:
        """Let go; a child that inherited the file keeps the lock."""
        os.close(self.descriptor)

    def _try(self, kind: int) -> bool:
        try:
            fcntl.flock(self.descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def exclusive(path: Path, account: Account, *, while_waiting: Callable[[], None]) -> Iterator[None]:
    """Hold `path` alone; `while_waiting` is called again and again until that is possible."""
    lock = FileLock(path, account)
    try:
        while not lock.try_exclusive():
            while_waiting()
            time.sleep(_POLL_SECONDS)
        yield
    finally:
        lock.close()


def is_held_alone(path: Path, account: Account) -> bool:
    """Whether any process holds the lock for itself; askers do not disturb each other."""
    lock = FileLock(path, account)
    try:
        return not lock.try_share()
    finally:
        lock.close()
