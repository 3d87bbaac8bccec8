"""The only place where the audit locks a subject; whoever writes of its own row has locked it already."""

from typing import Any, cast
from uuid import UUID

from sqlalchemy import select

from pesan.audit.models import Audited
from pesan.db.base import Base
from pesan.db.database import WriteSession


async def lock_subject(session: WriteSession, kind: str, subject_id: UUID) -> Audited | None:
    """The row whose history is kept under this kind and id, locked."""
    model = next((found for found in _audited() if found.audit_kind == kind), None)
    if model is None:
        return None
    query = select(model).where(model.id == subject_id).with_for_update(key_share=True)
    return cast("Audited | None", await session.scalar(query))


def _audited() -> list[Any]:
    models = (mapper.class_ for mapper in Base.registry.mappers)
    return [model for model in models if issubclass(model, Audited)]
