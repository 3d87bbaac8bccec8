"""What was decided about the merchant's booths, by whom and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from pesan.audit.models import AuditEntry, AuditPrivate
from pesan.db import ReadSession
from pesan.identity.models import User

CONFIG_CHANGED = "merchant:booth_config:changed"
SHOWN = 20


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """One change: what was there, and what came instead."""

    at: datetime
    who: str | None
    before: Mapping[str, Any]
    after: Mapping[str, Any]


async def list_config_changes(session: ReadSession, merchant_id: UUID) -> Sequence[ConfigChange]:
    """The last changes, the newest first."""
    query = (
        select(AuditEntry.at, User.name, AuditPrivate.before, AuditPrivate.after)
        .outerjoin(
            AuditPrivate,
            (AuditPrivate.subject_id == AuditEntry.subject_id) & (AuditPrivate.seq == AuditEntry.seq),
        )
        .outerjoin(User, User.id == AuditEntry.actor_id)
        .where(AuditEntry.subject_id == merchant_id, AuditEntry.action == CONFIG_CHANGED)
        .order_by(AuditEntry.seq.desc())
        .limit(SHOWN)
    )
    rows = await session.execute(query)
    return [ConfigChange(at, who, before or {}, after or {}) for at, who, before, after in rows]
