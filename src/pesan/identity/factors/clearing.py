"""Taking every second factor of a person away."""

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
