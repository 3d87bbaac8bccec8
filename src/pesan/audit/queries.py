"""Reading a subject's history."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from pesan.audit.models import AuditEntry, AuditPrivate
from pesan.db.database import ReadSession


@dataclass(frozen=True, slots=True)
class Record:
    """One entry with its personal part, which is None where there was none or it was erased."""

    entry: AuditEntry
    private: AuditPrivate | None


async def list_entries(session: ReadSession, subject_id: UUID) -> Sequence[Record]:
    """What happened to one subject, oldest first; as much of it as the session's actor may see."""
    query = (
        select(AuditEntry, AuditPrivate)
        .outerjoin(
            AuditPrivate,
            (AuditPrivate.subject_id == AuditEntry.subject_id) & (AuditPrivate.seq == AuditEntry.seq),
        )
        .where(AuditEntry.subject_id == subject_id)
        .order_by(AuditEntry.seq)
    )
    return [Record(entry, private) for entry, private in await session.execute(query)]
