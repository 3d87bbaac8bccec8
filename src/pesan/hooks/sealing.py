"""Secrets of endpoints at rest: made, sealed, opened to sign with, and sealed anew for a new secret of the instance."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import undefer

from pesan.db import ReadSession, WriteSession
from pesan.hooks.errors import SecretSealed
from pesan.hooks.locks import lock_all_secrets
from pesan.hooks.models import HookEndpoint, HookSecret
from pesan.hooks.states import OLD_SECRET_FOR
from pesan.kit.ids import new_id
from pesan.kit.sealing import SealBroken, SecretBox
from pesan.kit.standard_webhooks import new_secret

_PURPOSE = "outgoing webhooks"


async def add_secret(session: WriteSession, secret: bytes, endpoint: HookEndpoint) -> str:
    """A new secret for an endpoint, to be shown this once; the one before signs beside it for a day."""
    older = update(HookSecret).where(HookSecret.endpoint_id == endpoint.id, HookSecret.ends_at.is_(None))
    await session.execute(older.values(ends_at=func.clock_timestamp() + OLD_SECRET_FOR))
    made, secret_id = new_secret(), new_id()
    session.add(
        HookSecret(
            id=secret_id,
            merchant_id=endpoint.merchant_id,
            endpoint_id=endpoint.id,
            sealed=_seal(secret, secret_id, made),
        )
    )
    await session.flush()
    return made


async def open_signing(session: ReadSession, secret: bytes, endpoint_id: UUID) -> Sequence[str]:
    """The secrets that sign now, the newest first; raises SecretSealed."""
    query = (
        select(HookSecret)
        .options(undefer(HookSecret.sealed))
        .where(
            HookSecret.endpoint_id == endpoint_id,
            or_(HookSecret.ends_at.is_(None), HookSecret.ends_at > func.clock_timestamp()),
        )
        .order_by(HookSecret.id.desc())
    )
    return [_reopen(secret, row) for row in await session.scalars(query)]


async def reseal_secrets(session: WriteSession, *, old: bytes, new: bytes) -> int:
    """Seal with `new` what `old` opens; returns how many. What `new` opens already stays as it is.

    **Locks** every secret. Raises SecretSealed when neither opens one of them.
    """
    count = 0
    for row in await lock_all_secrets(session):
        try:
            _open(new, row)
        except SealBroken:
            row.sealed = _seal(new, row.id, _reopen(old, row))
            count += 1
    await session.flush()
    return count


def _seal(secret: bytes, secret_id: UUID, text: str) -> bytes:
    return SecretBox(secret, _PURPOSE).close(text.encode(), str(secret_id))


def _reopen(secret: bytes, row: HookSecret) -> str:
    try:
        return _open(secret, row)
    except SealBroken as error:
        raise SecretSealed from error


def _open(secret: bytes, row: HookSecret) -> str:
    return SecretBox(secret, _PURPOSE).open(row.sealed, str(row.id)).decode()
