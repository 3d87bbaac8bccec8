"""Let the database's account reach its folders without opening them to anybody else."""

import errno
import os
import stat
import struct
from pathlib import Path

from pesan.db.embedded import binaries
from pesan.db.embedded.account import Account
from pesan.db.embedded.errors import FolderUnreachable

_ACL = "system.posix_acl_access"
_VERSION = struct.pack("<I", 2)
_ENTRY = struct.Struct("<HHI")  # tag, permissions, id: linux/posix_acl_xattr.h
_USER_OBJ, _USER, _GROUP_OBJ, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
_SEARCH = 1
_NO_ID = 0xFFFFFFFF

_Entries = dict[tuple[int, int], int]


def let_in(account: Account, data: Path) -> None:
    """Make sure that `account` reaches its data and PostgreSQL's programs.

    Before every start, since anybody who sets a folder's mode again (chmod 700) takes the permission back.
    """
    open_the_way(data, account)
    open_the_way(binaries.program("postgres"), account)
    make_readable(binaries.install_folder(), account)


def open_the_way(path: Path, account: Account) -> list[Path]:
    """Allow `account` to search every folder above `path`; the folders that were changed.

    Root's home is 0700, and PESAN_HOME lies in it by default. An access entry for this one account is added;
    only where the file system has no such entries may everybody search (never list) the folder.

    Raises FolderUnreachable when the folder cannot be changed.
    """
    if account.is_ours:
        return []
    closed = [folder for folder in path.resolve().parents if not _may_search(folder, account)]
    for folder in reversed(closed):
        try:
            _grant_search(folder, account)
        except OSError as error:
            raise FolderUnreachable(account=account.name, path=str(folder), detail=str(error)) from error
    return closed


def make_readable(folder: Path, account: Account) -> None:
    """Undo a strict umask on installed programs, which hold no secrets, so that `account` can run them."""
    if account.is_ours or folder.stat().st_mode & stat.S_IROTH:
        return
    for path in [folder, *folder.rglob("*")]:
        mode = path.stat().st_mode
        runs = mode & stat.S_IXUSR
        path.chmod(stat.S_IMODE(mode) | stat.S_IRGRP | stat.S_IROTH | (runs >> 3) | (runs >> 6))


def _may_search(folder: Path, account: Account) -> bool:
    status = folder.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    entries = _read_entries(folder)
    if (_USER, account.uid) in entries:
        return bool(entries[_USER, account.uid] & entries.get((_MASK, _NO_ID), 7) & _SEARCH)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _grant_search(folder: Path, account: Account) -> None:
    entries = _read_entries(folder)
    if not entries:
        folder.chmod(stat.S_IMODE(folder.stat().st_mode) | stat.S_IXOTH)
        return
    entries[_USER, account.uid] = entries.get((_USER, account.uid), 0) | _SEARCH
    entries[_MASK, _NO_ID] = entries.get((_MASK, _NO_ID), entries[_GROUP_OBJ, _NO_ID]) | _SEARCH
    packed = b"".join(_ENTRY.pack(tag, bits, who) for (tag, who), bits in sorted(entries.items()))
    os.setxattr(folder, _ACL, _VERSION + packed)


def _read_entries(folder: Path) -> _Entries:
    """The folder's access entries, made from its mode where it has none; empty where there can be none."""
    if not hasattr(os, "getxattr"):
        return {}
    try:
        packed = os.getxattr(folder, _ACL)
    except OSError as error:
        return _entries_of_mode(folder) if error.errno == errno.ENODATA else {}
    return {(tag, who): bits for tag, bits, who in _ENTRY.iter_unpack(packed[len(_VERSION) :])}


def _entries_of_mode(folder: Path) -> _Entries:
    mode = folder.stat().st_mode
    return {
        (_USER_OBJ, _NO_ID): mode >> 6 & 7,
        (_GROUP_OBJ, _NO_ID): mode >> 3 & 7,
        (_OTHER, _NO_ID): mode & 7,
    }
