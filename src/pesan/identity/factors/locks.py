"""Locking a person's second factor, so that parallel tries are counted one by one and a code is used once."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from pesan.db import WriteSession
from pesan.identity.factors.models import CodeGenerator


@dataclass(frozen=True, slots=True)
class Tried:
    """A code generator as it is now that nobody else can try; `now` is the database's time."""

    row: CodeGenerator
    now: float
    seconds_locked: float


async def lock_generator(session: WriteSession, user_id: UUID) -> Tried | None:
    """A person's code generator, whether or not it is confirmed; the user is locked before it."""
    query = select(CodeGenerator).where(CodeGenerator.user_id == user_id).with_for_update()
    row = await session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        return None
    clock = func.clock_timestamp()
    times = select(
        func.extract("epoch", clock),
        func.coalesce(func.extract("epoch", CodeGenerator.locked_until - clock), 0),
    ).where(CodeGenerator.user_id == user_id)
    now, locked = (await session.execute(times)).one()
    return Tried(row, float(now), float(locked))
