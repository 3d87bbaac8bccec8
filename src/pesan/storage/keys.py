"""Names of objects: made by us, never from what a person typed, and too long to guess."""

import re
import secrets
from datetime import UTC, datetime
from enum import StrEnum
from uuid import uuid4


class Kind(StrEnum):
    """What an object is for; the first part of its key, and what decides who may see it."""

    PROOF = "proof"
    COVER = "cover"
    LOGO = "logo"
    PRODUCT = "products"
    AVATAR = "avatars"
    PROFILE_COVER = "covers"


PUBLIC = frozenset({Kind.COVER, Kind.LOGO, Kind.PRODUCT, Kind.AVATAR, Kind.PROFILE_COVER})
OWNED = frozenset({Kind.PRODUCT, Kind.AVATAR, Kind.PROFILE_COVER})
"""Kinds that are kept under whose they are (jastipin.md §9) and not under a month; what they share is a random name."""
_KEY = re.compile(
    r"(?P<kind>[a-z]+)/(?:\d{4}/\d{2}/[0-9a-f]{32}/[a-z]+"
    r"|[a-z0-9_-]{2,40}/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:-[a-z]{1,10})?)\.[a-z]{3,4}"
)
_FAMILY = re.compile(r"[a-z]+/[a-z0-9_-]{2,40}/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def new_folder(kind: Kind) -> str:
    """A fresh place for the versions of one file: 128 random bits, sorted by month for whoever browses."""
    return f"{kind}/{datetime.now(UTC):%Y/%m}/{secrets.token_hex(16)}"


def owned_key(kind: Kind, owner: str, extension: str) -> str:
    """A fresh key of a kind that is kept under whose it is, such as a trip's slug; its last part is random."""
    key = f"{kind}/{owner}/{uuid4()}.{extension}"
    if kind not in OWNED or kind_of(key) is None:
        raise ValueError(f"no key of ours: {key}")
    return key


def version_key(key: str, name: str) -> str:
    """The key of another version of the same file, such as `small.webp`; `key` is that of its first one."""
    if key.partition("/")[0] in OWNED:
        return f"{key.rpartition('.')[0]}-{name}"
    return f"{folder_of(key)}/{name}"


def family_of(key: str) -> str:
    """What the keys of all versions of one file of `OWNED` begin with, up to their first dot or version."""
    match = _FAMILY.match(key)
    return match[0] if match else key


def names_file(key: str) -> bool:
    """Whether a key of `OWNED` is that of a file's first version, which is the one that rows name."""
    return key.startswith(f"{family_of(key)}.")


def folder_of(key: str) -> str:
    """The place that all versions of one file share."""
    return key.rpartition("/")[0]


def kind_of(key: str) -> Kind | None:
    """What the object is for, or None for a key that we did not make."""
    match = _KEY.fullmatch(key)
    kind = match["kind"] if match else ""
    return Kind(kind) if kind in set(Kind) else None
