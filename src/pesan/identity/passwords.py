"""Argon2id hashes, made and checked away from the event loop, and the rules for a new password."""

import asyncio
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files

from pwdlib import PasswordHash

from pesan.identity.errors import WeakPassword

MIN_LENGTH = 10
MAX_LENGTH = 128
"""Longer input would only buy an attacker more of our processor."""

_HASHER = PasswordHash.recommended()
# Each hash takes 64 MiB: two at a time keep a flood of log-ins from taking the machine's memory.
_POOL = ThreadPoolExecutor(max_workers=2, thread_name_prefix="pesan-password")
_TRAILING_DECORATION = re.compile(r"[\W\d_]+$")


async def hash_password(password: str) -> str:
    """The Argon2id hash to store."""
    return await asyncio.get_running_loop().run_in_executor(_POOL, _HASHER.hash, _normalise(password))


async def verify_password(password: str, stored: str | None) -> tuple[bool, str | None]:
    """Whether the password fits, and a new hash when the stored one uses outdated parameters.

    Without a stored hash a dummy is checked, so that an unknown user takes as long as a known one (V6.3.8).
    """
    return await asyncio.get_running_loop().run_in_executor(_POOL, _verify, password, stored)


def check_new_password(password: str, *about: str) -> None:
    """Accept a password to be set; `about` are words that somebody would guess first (e-mail, name).

    Raises WeakPassword.
    """
    text = _normalise(password).casefold()
    if not MIN_LENGTH <= len(text) <= MAX_LENGTH or _is_guessable(text, about):
        raise WeakPassword(minimum=MIN_LENGTH)


def _is_guessable(text: str, about: tuple[str, ...]) -> bool:
    stem = _TRAILING_DECORATION.sub("", text)
    if len(set(text)) < 5 or {text, stem} & _common() or not stem:
        return True
    guesses = {
        _letters(word) for item in about for word in (item, item.split("@")[0], *re.split(r"[\W_]+", item))
    }
    return _letters(stem) in {word for word in guesses if len(word) >= 4}


def _letters(text: str) -> str:
    return re.sub(r"[\W\d_]+", "", text.casefold())


def _verify(password: str, stored: str | None) -> tuple[bool, str | None]:
    fits, upgraded = _HASHER.verify_and_update(_normalise(password[: MAX_LENGTH * 2]), stored or _dummy())
    return (fits, upgraded) if stored else (False, None)


@cache
def _dummy() -> str:
    return _HASHER.hash("nobody's password")


@cache
def _common() -> frozenset[str]:
    return frozenset(files("pesan.identity").joinpath("common_passwords.txt").read_text("utf-8").split())


def _normalise(password: str) -> str:
    # One password typed on two keyboards may differ in bytes; NIST SP 800-63B 5.1.1.2 asks to fold it.
    return unicodedata.normalize("NFKC", password)
