"""Forgetting people in the history, which stays whole without them (UU 27/2022: the right to be erased)."""

from uuid import UUID

from sqlalchemy import func, update

from pesan.audit.errors import SubjectUnknown
from pesan.audit.locks import lock_subject
from pesan.audit.models import AuditPrivate
from pesan.audit.service import record
from pesan.db.actor import Actor
from pesan.db.database import WriteSession


async def erase(session: WriteSession, *, kind: str, subject_id: UUID, reason: str, actor: Actor) -> int:
    """Empty the personal part of a subject's entries, and say in a new one that and why; returns how many.

    The chain holds only a keyed digest of what is erased, and the key goes with it. The subject's own row is
    another matter. **Locks** the subject. Raises SubjectUnknown.
    """
    subject = await lock_subject(session, kind, subject_id)
    if subject is None:
        raise SubjectUnknown(kind=kind, subject_id=str(subject_id))
    empty = update(AuditPrivate).values(
        salt=None, reason=None, before=None, after=None, erased_at=func.clock_timestamp()
    )
    mine = AuditPrivate.subject_id == subject_id, AuditPrivate.erased_at.is_(None)
    erased = (await session.scalars(empty.where(*mine).returning(AuditPrivate.seq))).all()
    await record(
        session,
        subject,
        action=f"{kind}:audit:erased",
        actor=actor,
        reason=reason,
        data={"entries": sorted(erased)},
    )
    return len(erased)
