"""Which second factors a person has."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from pesan.db import ReadSession
from pesan.identity.errors import UnknownPasskey
from pesan.identity.factors.models import CodeGenerator, Passkey, RecoveryCode
from pesan.identity.policies import SignedIn
from pesan.identity.states import SETUP_LIFE


async def find_generator(session: ReadSession, user_id: UUID) -> CodeGenerator | None:
    """A person's code generator, confirmed or not."""
    return await session.get(CodeGenerator, user_id)


async def find_pending(session: ReadSession, person: SignedIn) -> CodeGenerator | None:
    """The app that this very session has begun to set up, a moment ago.

    Anybody who once knew the password could have begun one in a session of theirs, and keep its secret.
    """
    return await session.scalar(
        select(CodeGenerator).where(
            CodeGenerator.user_id == person.user_id,
            CodeGenerator.confirmed_at.is_(None),
            CodeGenerator.started_by == person.session_id,
            CodeGenerator.started_at > func.clock_timestamp() - SETUP_LIFE,
        )
    )


def holds_factor(user_id: UUID | InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Whether a person passes a second factor when they sign in: an app, or a passkey."""
    has_app = select(CodeGenerator).where(
        CodeGenerator.user_id == user_id, CodeGenerator.confirmed_at.is_not(None)
    )
    has_passkey = select(Passkey).where(Passkey.user_id == user_id)
    return or_(has_app.exists(), has_passkey.exists())


async def has_factor(session: ReadSession, user_id: UUID) -> bool:
    """Whether this person does."""
    return bool(await session.scalar(select(holds_factor(user_id))))


async def list_passkeys(session: ReadSession, user_id: UUID) -> Sequence[Passkey]:
    """A person's passkeys, the oldest first."""
    rows = select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.created_at, Passkey.id)
    return (await session.scalars(rows)).all()


async def get_passkey(session: ReadSession, user_id: UUID, passkey_id: UUID) -> Passkey:
    """One of a person's passkeys; raises UnknownPasskey for another's."""
    row = await session.scalar(select(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user_id))
    if row is None:
        raise UnknownPasskey
    return row


async def count_recovery_codes(session: ReadSession, user_id: UUID) -> int:
    """How many recovery codes a person has left."""
    unused = (RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return (await session.scalars(select(func.count()).select_from(RecoveryCode).where(*unused))).one()
