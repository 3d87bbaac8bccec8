"""Taking second factors of a person away."""

from uuid import UUID

from sqlalchemy import delete

from pesan.db import WriteSession
from pesan.identity.factors.models import CodeGenerator, Passkey, RecoveryCode


async def clear_factors(session: WriteSession, user_id: UUID) -> bool:
    """App, passkeys and recovery codes, confirmed or not; whether there were any. The person is locked."""
    were_any = False
    for table in (CodeGenerator, Passkey, RecoveryCode):
        gone = await session.scalars(delete(table).where(table.user_id == user_id).returning(table.user_id))
        were_any = bool(gone.all()) or were_any
    return were_any


async def drop_pending(session: WriteSession, user_id: UUID) -> None:
    """End the set-up of an app that nobody has finished. The person is locked."""
    mine = (CodeGenerator.user_id == user_id, CodeGenerator.confirmed_at.is_(None))
    await session.execute(delete(CodeGenerator).where(*mine))
