"""Every read of legal pages."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from pesan.db import ReadSession
from pesan.tenancy.errors import LegalVersionNotFound
from pesan.tenancy.legal.models import LegalVersion
from pesan.tenancy.legal.states import LegalKind


async def list_current(session: ReadSession, merchant_id: UUID) -> Mapping[str, LegalVersion]:
    """The version of each kind that counts now: the newest."""
    query = (
        select(LegalVersion)
        .where(LegalVersion.merchant_id == merchant_id)
        .ext(distinct_on(LegalVersion.kind))
        .order_by(LegalVersion.kind, LegalVersion.number.desc())
    )
    return {found.kind: found for found in await session.scalars(query)}


async def list_versions(session: ReadSession, merchant_id: UUID, kind: LegalKind) -> Sequence[LegalVersion]:
    """Every version of one kind, the newest first; raises LegalVersionNotFound when there is none."""
    query = select(LegalVersion).where(LegalVersion.merchant_id == merchant_id, LegalVersion.kind == kind)
    found = (await session.scalars(query.order_by(LegalVersion.number.desc()))).all()
    if not found:
        raise LegalVersionNotFound
    return found
