"""A jastiper's profile: changed, and opened by whoever had only an account."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func

from pesan.audit import changed_values, record
from pesan.db import Actor, Database, WriteSession
from pesan.identity.policies import SignedIn
from pesan.identity.service import open_merchant
from pesan.jastip.locks import lock_profile
from pesan.kit.ids import new_code

_LONGEST = 30
_ODD = re.compile(r"[^a-z0-9]+")
_TRIES = 4
_OWN = ("bio", "avatar_key", "cover_key")


async def open_profile(
    database: Database, person: SignedIn, *, reserved: Collection[str], actor: Actor
) -> UUID:
    """The merchant that a person organizes; a new one with a free slug out of their name, where they had none.

    `reserved` are the words that addresses of ours begin with. Raises SlugTaken.
    """
    async with database.identity(actor) as session:
        slugs = list_slugs(person.name, reserved)
        return await open_merchant(
            session, user_id=person.user_id, name=person.name[:80], slugs=slugs, actor=actor
        )


async def amend_profile(
    session: WriteSession, merchant_id: UUID, *, said: Mapping[str, Any], actor: Actor
) -> None:
    """Say some of `name`, `bio`, `avatar_key` and `cover_key` anew; what is left out stays.

    Raises MerchantNotFound. **Locks** the merchant.
    """
    profile, merchant = await lock_profile(session, merchant_id)
    old = {name: getattr(profile, name) for name in _OWN} | {"name": merchant.name}
    before, after = changed_values(old, old | dict(said))
    if not after:
        return
    for name, value in after.items():
        setattr(merchant if name == "name" else profile, name, value)
    profile.updated_at = func.clock_timestamp()
    await session.flush()
    action = "merchant:profile:changed"
    await record(
        session, merchant, action=action, actor=actor, merchant_id=merchant_id, before=before, after=after
    )
    await session.flush()


def list_slugs(name: str, reserved: Collection[str]) -> Iterator[str]:
    """Slugs out of a name, the plainest first, and at last some that nobody else has."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = _ODD.sub("-", plain).strip("-")[:_LONGEST].strip("-")
    stem = stem if len(stem) > 2 else f"jastip-{stem}".strip("-")
    if stem not in reserved:
        yield stem
    yield from (f"{stem}-{number}" for number in range(2, 2 + _TRIES))
    yield from (f"{stem}-{new_code(6).lower()}" for _ in range(_TRIES))
