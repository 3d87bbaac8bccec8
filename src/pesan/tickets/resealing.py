"""A new secret of the instance: the keys that the old one sealed are sealed anew, or none is."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import undefer

from pesan.audit import record
from pesan.db import Actor, ReadSession, WriteSession
from pesan.tickets.errors import KeySealed, OldSecretWrong
from pesan.tickets.keys import Algorithm
from pesan.tickets.locks import lock_keys
from pesan.tickets.models import SigningKey
from pesan.tickets.sealing import PRIVATE, VERIFYING, Seal


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many keys were sealed anew, and how many the new secret opened already."""

    resealed: int
    current: int


async def reseal(session: WriteSession, *, old: bytes, new: bytes, actor: Actor) -> Resealed:
    """Seal with `new` every key that `old` opens, retired ones too; those that `new` opens stay as they are.

    **Locks** every signing key. Raises OldSecretWrong when neither secret opens one of them.
    """
    before, after = Seal(old), Seal(new)
    rows = await lock_keys(session)
    closed = [row for row in rows if not _opens(after, row)]
    for row in closed:
        if not _opens(before, row):
            raise OldSecretWrong(kid=row.kid)
        _seal_anew(row, before, after)
        await record(session, row, action="merchant:ticket_key:resealed", actor=actor, data={"kid": row.kid})
    await session.flush()
    return Resealed(len(closed), len(rows) - len(closed))


async def list_sealed(session: ReadSession, secret: bytes) -> Sequence[SigningKey]:
    """The keys that `secret` does not open, the oldest first."""
    query = select(SigningKey).options(undefer(SigningKey.private_key_sealed)).order_by(SigningKey.created_at)
    seal = Seal(secret)
    return [row for row in await session.scalars(query) if not _opens(seal, row)]


def _opens(seal: Seal, row: SigningKey) -> bool:
    try:
        seal.open(row.private_key_sealed, PRIVATE, row.merchant_id, row.kid)
    except KeySealed:
        return False
    return True


def _seal_anew(row: SigningKey, before: Seal, after: Seal) -> None:
    private = before.open(row.private_key_sealed, PRIVATE, row.merchant_id, row.kid)
    row.private_key_sealed = after.close(private, PRIVATE, row.merchant_id, row.kid)
    if row.alg == Algorithm.HS256:
        verifying = before.open(row.verifying_key, VERIFYING, row.merchant_id, row.kid)
        row.verifying_key = after.close(verifying, VERIFYING, row.merchant_id, row.kid)
