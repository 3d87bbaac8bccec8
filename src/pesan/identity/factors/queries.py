"""Which second factors a person has."""

from uuid import UUID

from sqlalchemy import func, select

from pesan.db import ReadSession
from pesan.identity.factors.models import CodeGenerator, RecoveryCode


async def find_generator(session: ReadSession, user_id: UUID) -> CodeGenerator | None:
    """A person's code generator, confirmed or not."""
    return await session.get(CodeGenerator, user_id)


async def has_factor(session: ReadSession, user_id: UUID) -> bool:
    """Whether a person passes a second factor when they sign in."""
    row = await find_generator(session, user_id)
    return row is not None and row.confirmed_at is not None


async def count_recovery_codes(session: ReadSession, user_id: UUID) -> int:
    """How many recovery codes a person has left."""
    unused = (RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return (await session.scalars(select(func.count()).select_from(RecoveryCode).where(*unused))).one()
