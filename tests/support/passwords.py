"""Passwords that are hashed as in production, by the same program, with a thousandth of the work."""

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from pesan.identity import passwords

_QUICK = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))


def hash_quickly(patch: pytest.MonkeyPatch) -> None:
    """In this process only; a service in processes of its own takes these hashes and makes real ones of them."""
    patch.setattr(passwords, "_HASHER", _QUICK)
